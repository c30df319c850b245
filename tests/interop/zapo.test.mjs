import assert from 'node:assert/strict';
import test from 'node:test';
import { needs } from './clients/optional.mjs';
import { assertLinked, otherRoot, startSim } from './linked.mjs';

const needed = needs('zapo-js');
const { linkZapo } = needed.skip ? {} : await import('./clients/zapo.mjs');

test('zapo checks our chain, shows a QR, pairs and logs in by IK', needed, async (t) => {
  const sim = await startSim();
  t.after(() => sim.stop());
  const client = linkZapo(sim);
  t.after(() => client.end());
  const qr = await client.next('qr');
  await sim.scan(qr.text);
  const paired = await client.next('paired');
  const success = await client.next('open');
  assert.match(success.lid, /@lid$/);
  await assertLinked(sim, paired.meJid);
  const { counts } = await sim.state();
  assert.ok(counts.handshakesIk >= 1, `it resumed by IK: ${JSON.stringify(counts)}`);
});

test('zapo refuses our chain under another root', needed, async (t) => {
  const sim = await startSim();
  t.after(() => sim.stop());
  const client = linkZapo(sim, { rootKey: otherRoot });
  t.after(() => client.end());
  await assert.rejects(client.next('qr', 15), /certificate/i);
});

for (const chain of ['leaf-signature', 'leaf-issuer', 'leaf-key-mismatch', 'intermediate-signature', 'intermediate-issuer']) {
  test(`zapo refuses a chain with the defect ${chain}`, needed, async (t) => {
    const sim = await startSim();
    t.after(() => sim.stop());
    await sim.fail({ chain });
    const client = linkZapo(sim);
    t.after(() => client.end());
    await assert.rejects(client.next('qr', 15), /certificate|static/i);
  });
}
