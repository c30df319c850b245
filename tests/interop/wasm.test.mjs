import assert from 'node:assert/strict';
import test from 'node:test';
import { needs } from './clients/optional.mjs';
import { assertLinked, startSim } from './linked.mjs';

const needed = needs('whatsapp-rust-bridge');
const { linkWasm } = needed.skip ? {} : await import('./clients/wasm.mjs');

test('whatsapp-rust shows a QR, pairs, restarts after 515 and logs in', needed, async (t) => {
  const sim = await startSim();
  t.after(() => sim.stop());
  const client = await linkWasm(sim);
  t.after(() => client.end());
  const qr = await client.next('qr');
  await sim.scan(qr.text);
  const paired = await client.next('paired');
  await client.loggedIn();
  await assertLinked(sim, paired.jid);
});

for (const pairSuccess of ['bad-hmac', 'bad-account-signature']) {
  test(`whatsapp-rust refuses a pairing with the defect ${pairSuccess}`, needed, async (t) => {
    const sim = await startSim();
    t.after(() => sim.stop());
    await sim.fail({ pairSuccess });
    const client = await linkWasm(sim);
    t.after(() => client.end());
    const qr = await client.next('qr');
    await sim.scan(qr.text).catch(() => {});
    await assert.rejects(client.next('paired', 10), /pair_error/);
  });
}
