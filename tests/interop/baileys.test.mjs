import assert from 'node:assert/strict';
import https from 'node:https';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { needs } from './clients/optional.mjs';
import { assertLinked, assertLinksByCode, assertMistyped, codeOf, startSim } from './linked.mjs';

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

test('Baileys pairs by code, and logs in again', needed, async (t) => {
  const sim = await startSim();
  t.after(() => sim.stop());
  const client = linkBaileys(sim);
  t.after(() => client.end());
  await assertLinksByCode(sim, client, await codeOf(client));
});

test('Baileys pairs by a code that its user chose', needed, async (t) => {
  const sim = await startSim();
  t.after(() => sim.stop());
  const client = linkBaileys(sim);
  t.after(() => client.end());
  const code = await codeOf(client, 'PNTE2345');
  assert.equal(code, 'PNTE2345');
  await assertLinksByCode(sim, client, code);
});

test('Baileys: a mistyped code links nobody, and works when it is typed again', needed, async (t) => {
  const sim = await startSim();
  t.after(() => sim.stop());
  const client = linkBaileys(sim);
  t.after(() => client.end());
  const code = await codeOf(client);
  await assertMistyped(sim, code);
  await assertLinksByCode(sim, client, code);
});

test('Baileys recognises an account that demands a passkey', { skip: 'Baileys knows nothing of passkeys' });
