import assert from 'node:assert/strict';
import https from 'node:https';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { needs } from './clients/optional.mjs';
import { assertLinked, startSim } from './linked.mjs';

const needed = needs('@whiskeysockets/baileys');
const { linkBaileys } = needed.skip ? {} : await import('./clients/baileys.mjs');

test('Baileys shows a QR, pairs, restarts after 515 and logs in', needed, async (t) => {
  const sim = await startSim();
  t.after(() => sim.stop());
  const client = linkBaileys(sim);
  t.after(() => client.end());
  const qr = await client.next('qr');
  await sim.scan(qr.text);
  const paired = await client.next('paired');
  await client.next('restart');
  await client.next('open');
  await assertLinked(sim, paired.jid);
});

test('Baileys links through TLS with the certificate of the simulator', needed, async (t) => {
  const sim = await startSim(['--tls']);
  t.after(() => sim.stop());
  const client = linkBaileys(sim, { agent: new https.Agent({ ca: readFileSync(sim.caFile) }) });
  t.after(() => client.end());
  const qr = await client.next('qr');
  await sim.scan(qr.text);
  const paired = await client.next('paired');
  await client.next('open');
  await assertLinked(sim, paired.jid);
});

test('Baileys refuses a pairing with a bad HMAC', needed, async (t) => {
  const sim = await startSim();
  t.after(() => sim.stop());
  await sim.fail({ pairSuccess: 'bad-hmac' });
  const client = linkBaileys(sim);
  t.after(() => client.end());
  const qr = await client.next('qr');
  await sim.scan(qr.text).catch(() => {});
  await assert.rejects(client.next('paired', 10), /Invalid account signature/);
});
