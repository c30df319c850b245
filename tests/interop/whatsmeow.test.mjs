import assert from 'node:assert/strict';
import test from 'node:test';
import { buildWhatsmeow, linkWhatsmeow } from './clients/whatsmeow.mjs';
import { assertLinked, assertLinksByCode, assertMistyped, codeOf, otherRoot, startSim } from './linked.mjs';

const needed = buildWhatsmeow();

for (const args of [[], ['--tls']]) {
  test(`whatsmeow checks our chain, shows a QR, pairs, restarts after 515 and logs in ${args}`, needed, async (t) => {
    const sim = await startSim(args);
    t.after(() => sim.stop());
    const client = linkWhatsmeow(sim);
    t.after(() => client.end());
    const qr = await client.next('qr');
    assert.equal(qr.texts.length, 6);
    await sim.scan(qr.text);
    const paired = await client.next('paired');
    const open = await client.next('open');
    assert.ok(open.prekeys > 0, 'it uploaded prekeys');
    await assertLinked(sim, paired.jid);
  });
}

test('whatsmeow refuses our chain under another root', needed, async (t) => {
  const sim = await startSim();
  t.after(() => sim.stop());
  const client = linkWhatsmeow(sim, { rootKey: otherRoot });
  t.after(() => client.end());
  await assert.rejects(client.next('qr', 15), /failed to verify intermediate cert signature/);
});

const chains = {
  'leaf-signature': /failed to verify/,
  'leaf-issuer': /unexpected leaf issuer serial/,
  'leaf-key-mismatch': /cert key doesn't match decrypted static/,
  'intermediate-signature': /failed to verify intermediate cert signature/,
  'intermediate-issuer': /unexpected intermediate issuer serial/,
};
for (const [chain, says] of Object.entries(chains)) {
  test(`whatsmeow refuses a chain with the defect ${chain}`, needed, async (t) => {
    const sim = await startSim();
    t.after(() => sim.stop());
    await sim.fail({ chain });
    const client = linkWhatsmeow(sim);
    t.after(() => client.end());
    await assert.rejects(client.next('qr', 15), says);
  });
}

const pairings = { 'bad-hmac': /hmac/i, 'bad-account-signature': /signature/i };
for (const [pairSuccess, says] of Object.entries(pairings)) {
  test(`whatsmeow refuses a pairing with the defect ${pairSuccess}`, needed, async (t) => {
    const sim = await startSim();
    t.after(() => sim.stop());
    await sim.fail({ pairSuccess });
    const client = linkWhatsmeow(sim);
    t.after(() => client.end());
    const qr = await client.next('qr');
    await sim.scan(qr.text).catch(() => {});
    await assert.rejects(client.next('paired', 15), says);
  });
}

test('whatsmeow pairs by code, and logs in again', needed, async (t) => {
  const sim = await startSim();
  t.after(() => sim.stop());
  const client = linkWhatsmeow(sim);
  t.after(() => client.end());
  await assertLinksByCode(sim, client, await codeOf(client));
});

test('whatsmeow: a mistyped code links nobody, and works when it is typed again', needed, async (t) => {
  const sim = await startSim();
  t.after(() => sim.stop());
  const client = linkWhatsmeow(sim);
  t.after(() => client.end());
  const code = await codeOf(client);
  await assertMistyped(sim, code);
  await assertLinksByCode(sim, client, code);
});

test('whatsmeow pairs by a code that its user chose', { skip: 'whatsmeow: PairPhone always draws the code' });
test('whatsmeow recognises an account that demands a passkey', { skip: 'whatsmeow: this version knows nothing of passkeys' });
