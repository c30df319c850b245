import assert from 'node:assert/strict';
import test from 'node:test';
import { needs } from './clients/optional.mjs';
import { assertLinked, assertLinksByCode, assertMistyped, codeOf, startSim } from './linked.mjs';

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

test('whatsapp-rust pairs by code, and logs in again', needed, async (t) => {
  const sim = await startSim();
  t.after(() => sim.stop());
  const client = await linkWasm(sim);
  t.after(() => client.end());
  await assertLinksByCode(sim, client, await codeOf(client));
});

test('whatsapp-rust pairs by a code that its user chose', needed, async (t) => {
  const sim = await startSim();
  t.after(() => sim.stop());
  const client = await linkWasm(sim);
  t.after(() => client.end());
  const code = await codeOf(client, 'PNTE2345');
  assert.equal(code, 'PNTE2345');
  await assertLinksByCode(sim, client, code);
});

test('whatsapp-rust: a mistyped code links nobody, and works when it is typed again', needed, async (t) => {
  const sim = await startSim();
  t.after(() => sim.stop());
  const client = await linkWasm(sim);
  t.after(() => client.end());
  const code = await codeOf(client);
  await assertMistyped(sim, code);
  await assertLinksByCode(sim, client, code);
});

test('whatsapp-rust recognises an account that demands a passkey', needed, async (t) => {
  const sim = await startSim();
  t.after(() => sim.stop());
  await sim.fail({ passkey: true });
  const client = await linkWasm(sim);
  t.after(() => client.end());
  const qr = await client.next('qr');
  // The phone waits for the signature, which this build takes from nobody.
  sim.scan(qr.text).catch(() => {});
  const { options } = await client.next('passkey');
  assert.equal(options.rpId, 'whatsapp.com');
  assert.equal(options.userVerification, 'required');
  assert.match(options.challenge, /^[\w-]{22,}$/);
  assert.deepEqual((await sim.state()).violations, []);
});
