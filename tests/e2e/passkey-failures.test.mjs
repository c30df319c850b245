// Passkeys with which something is wrong: what is refused is named, and the right one or the next connect still links.
import assert from 'node:assert/strict';
import test from 'node:test';
import { startDemanding } from '../support/node/demanding.mjs';

const encode = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const decode = (text) => Buffer.from(text, 'base64url');

/** An assertion with other members, and with another response. */
const changed = (assertion, members, response) => ({
  ...assertion,
  ...members,
  response: { ...assertion.response, ...response },
});
/** With another member in its client data. */
const withClientData = (assertion, members) => {
  const clientData = { ...JSON.parse(decode(assertion.response.clientDataJSON)), ...members };
  return changed(assertion, {}, { clientDataJSON: encode(clientData) });
};
const withAuthenticatorData = (assertion, change) => {
  const data = change(decode(assertion.response.authenticatorData));
  return changed(assertion, {}, { authenticatorData: data.toString('base64url') });
};
const other = encode('another credential');

/** What is made of the right assertion, and what `error.details` says of it. */
const rows = [
  [() => '', /^expected a JSON object/],
  [() => 'no JSON', /^expected a JSON object/],
  [() => '[]', /^expected a JSON object/],
  [() => 'null', /^expected a JSON object/],
  [(right) => JSON.stringify(right).slice(0, -1), /^expected a JSON object/],
  [(right) => JSON.stringify(right).slice(0, 100), /^expected a JSON object/],
  [(right) => JSON.stringify(right) + ' '.repeat(33_000), /^expected at most 32 KiB/],
  [() => ({}), /^rawId: expected base64url/],
  [(right) => ({ ...right, rawId: undefined }), /^rawId: expected base64url/],
  [(right) => ({ ...right, rawId: 12 }), /^rawId: expected base64url/],
  [(right) => ({ ...right, rawId: `${right.rawId}==`, id: `${right.rawId}==` }), /^rawId: expected base64url/],
  [(right) => ({ ...right, id: other }), /^id: expected the same text as rawId/],
  [(right) => ({ ...right, rawId: other }), /^id: expected the same text as rawId/],
  [(right) => ({ ...right, type: 'password' }), /^type: expected public-key/],
  [(right) => ({ ...right, response: undefined }), /^response: expected an object/],
  [(right) => ({ ...right, response: encode(right.response) }), /^response: expected an object/],
  [(right) => changed(right, {}, { signature: undefined }), /^response\.signature: expected base64url/],
  [(right) => changed(right, {}, { signature: '' }), /^response\.signature: expected base64url/],
  [(right) => changed(right, {}, { signature: 'a+b/' }), /^response\.signature: expected base64url/],
  [(right) => changed(right, {}, { userHandle: 7 }), /^response\.userHandle: expected base64url/],
  [(right) => changed(right, {}, { clientDataJSON: null }), /^response\.clientDataJSON: expected base64url/],
  [(right) => changed(right, {}, { clientDataJSON: encode('no JSON') }), /^response\.clientDataJSON: expected a JSON/],
  ...[
    [{ type: 'webauthn.create' }, /^response\.clientDataJSON\.type: expected webauthn\.get/],
    [{ challenge: 'AAAA' }, /^response\.clientDataJSON\.challenge: expected that of the current request options/],
    [{ origin: 'http://web.whatsapp.com' }, /^response\.clientDataJSON\.origin: expected https and whatsapp\.com/],
    [{ origin: 'https://notwhatsapp.com' }, /^response\.clientDataJSON\.origin: expected https and whatsapp\.com/],
    [{ origin: undefined }, /^response\.clientDataJSON\.origin: expected https and whatsapp\.com/],
  ].map(([members, details]) => [(right) => withClientData(right, members), details]),
  ...[
    [(data) => data.subarray(0, 36), /^response\.authenticatorData: expected 37 bytes or more, got 36/],
    [(data) => data.fill(1, 0, 1), /^response\.authenticatorData: expected it to be for whatsapp\.com/],
    [(data) => data.fill(data[32] & ~1, 32, 33), /^response\.authenticatorData: expected a user who was present/],
    [(data) => data.fill(data[32] & ~4, 32, 33), /^response\.authenticatorData: expected a user who was verified/],
  ].map(([change, details]) => [(right) => withAuthenticatorData(right, change), details]),
];

test('an assertion that is none is refused by member and rule, and the right one links', async (t) => {
  const account = await startDemanding(t);
  const { sim } = account;
  const { outcome } = await account.demand('sales');
  const right = await account.assertion('sales');
  for (const [wrong, details] of rows) {
    const assertion = wrong(right);
    const { status, body } = await account.submit('sales', assertion);
    assert.equal(status, 400, `${JSON.stringify(assertion).slice(0, 200)}: ${JSON.stringify(body)}`);
    assert.equal(body.error.message, 'Invalid passkey assertion');
    assert.equal(body.error.code, 'INVALID_ASSERTION');
    assert.match(body.error.details, details);
    assert.equal((await account.passkey('sales')).body.passkey.stage, 'requested');
  }
  assert.equal((await sim.state()).counts.connections, 1);
  await account.finish('sales', { outcome });
  account.said.assertNone([right.response.signature, right.response.clientDataJSON]);
  assert.deepEqual((await sim.state()).violations, [], 'the server has seen none of it');
});

/** WhatsApp's no to an assertion: its code, and room for another. */
async function assertRejected(account, answer) {
  assert.equal(answer.status, 500, JSON.stringify(answer.body));
  assert.equal(answer.body.error.message, 'Failed to hand in the assertion');
  assert.equal(answer.body.error.code, 'PASSKEY_REJECTED');
  const item = await account.ponted.instance('sales');
  assert.equal(item.connection.state, 'passkey_required');
  assert.equal((await account.passkey('sales')).body.passkey.stage, 'requested');
}

test('assertions that only WhatsApp can judge are refused by it, and the right one links', async (t) => {
  const account = await startDemanding(t);
  const { outcome } = await account.demand('sales');
  const right = await account.assertion('sales');
  const forged = encode(Buffer.alloc(32, 7).toString('latin1'));
  for (const wrong of [{ ...right, id: other, rawId: other }, changed(right, {}, { signature: forged })]) {
    await assertRejected(account, await account.submit('sales', wrong));
  }
  await account.finish('sales', { outcome });
  account.said.assertNone([right.response.signature, forged]);
  assert.deepEqual((await account.sim.state()).violations, []);
});

test('a server that refuses the assertion takes another one later', async (t) => {
  const account = await startDemanding(t);
  const { outcome } = await account.demand('sales', { faults: { passkeyDefect: 'refuse-assertion' } });
  for (let round = 0; round < 2; round++) {
    await assertRejected(account, await account.submit('sales', await account.assertion('sales')));
  }
  const [{ id }] = (await account.sim.state()).connections;
  await account.sim.fail({ passkeyDefect: 'none', connection: id });
  await account.finish('sales', { outcome });
});

/** The attempt has ended with this reason, the phone knows, and nothing of it is left. */
async function assertEnded(account, { outcome }, code) {
  const item = await account.ponted.reached('sales', 'disconnected');
  assert.equal(item.reason.code, code, JSON.stringify(item.reason));
  assert.equal(item.numberJid, null);
  assert.ok((await outcome) instanceof Error, 'the phone is told');
  assert.equal((await account.passkey('sales')).status, 404);
  assert.equal((await account.sim.state()).counts.pairings, 0);
  await account.assertNextConnectWorks('sales');
}

for (const defect of ['bad-options', 'no-options']) {
  test(`${defect}: a demand that nobody can meet ends the attempt`, async (t) => {
    const account = await startDemanding(t);
    const approved = await account.approve('sales', { faults: { passkeyDefect: defect } });
    await assertEnded(account, approved, 'PASSKEY_REQUIRED');
  });
}

for (const [defect, code] of [
  ['short-primary-key', 'PAIRING_MALFORMED'],
  ['short-primary-nonce', 'PAIRING_MALFORMED'],
  ['refuse-nonce', 'PASSKEY_REJECTED'],
]) {
  test(`${defect}: the attempt ends after the assertion`, async (t) => {
    const account = await startDemanding(t);
    const demanded = await account.demand('sales', { faults: { passkeyDefect: defect } });
    const { status, body } = await account.submit('sales', await account.assertion('sales'));
    assert.equal(status, 200, JSON.stringify(body));
    await assertEnded(account, demanded, code);
  });
}

test('unsolicited-continuation: what nobody waits for changes nothing', async (t) => {
  const account = await startDemanding(t);
  const demanded = await account.demand('sales', { faults: { passkeyDefect: 'unsolicited-continuation' } });
  await account.finish('sales', demanded);
});

test('a pair-success that does not verify ends the attempt after the confirmation', async (t) => {
  const account = await startDemanding(t);
  const demanded = await account.demand('sales', { faults: { pairSuccess: 'bad-hmac' } });
  await account.submit('sales', await account.assertion('sales'));
  await account.shownCode('sales');
  await account.confirm('sales');
  await assertEnded(account, demanded, 'PAIRING_HMAC_MISMATCH');
});

/** What else can come while WhatsApp owes an answer to the assertion, and what its caller is told then. */
const interruptions = [
  ['a lost connection', 'CONNECTION_CLOSED', ({ sim }) => sim.admin('drop', {})],
  ['a logout', 'LOGGED_OUT', ({ ponted }) => ponted.request('DELETE', '/api/instance/logout/sales')],
  ['a removal', 'INSTANCE_DELETED', ({ ponted }) => ponted.remove('sales')],
];
for (const [name, code, interrupt] of interruptions) {
  test(`silent-prologue and ${name}: whoever handed the assertion in is told`, async (t) => {
    const account = await startDemanding(t);
    const { outcome } = await account.demand('sales', { faults: { passkeyDefect: 'silent-prologue' } });
    const before = (await account.sim.state()).counts.framesIn;
    const waiting = account.submit('sales', await account.assertion('sales'));
    await account.sim.until('ref and prologue have come', ({ counts }) => counts.framesIn >= before + 2);
    await interrupt(account);
    const { status, body } = await waiting;
    assert.equal(status, 500, JSON.stringify(body));
    assert.equal(body.error.message, 'Failed to hand in the assertion');
    assert.equal(body.error.code, code);
    assert.ok((await outcome) instanceof Error);
    if (name === 'a removal') await account.ponted.create('sales');
    await account.ponted.reached('sales', 'disconnected');
    await account.assertNextConnectWorks('sales');
  });
}

test('silent-after-confirmation and a lost connection: the attempt ends, and the next connect works', async (t) => {
  const account = await startDemanding(t);
  const demanded = await account.demand('sales', { faults: { passkeyDefect: 'silent-after-confirmation' } });
  await account.submit('sales', await account.assertion('sales'));
  await account.shownCode('sales');
  assert.equal((await account.confirm('sales')).body.passkey.stage, 'confirmed');
  await account.ponted.reached('sales', 'connecting');
  await account.sim.admin('drop', {});
  await assertEnded(account, demanded, 'CONNECTION_CLOSED');
});

/** How far a link has come when the process is killed. */
const crashes = [
  ['while the passkey is asked for', {}, async () => {}],
  [
    'once the assertion is taken',
    {},
    async (account) => {
      await account.submit('sales', await account.assertion('sales'));
      await account.shownCode('sales');
    },
  ],
  [
    'while the confirmation is on its way',
    { freezeOn: 'encrypted-pairing-request' },
    async (account) => {
      await account.submit('sales', await account.assertion('sales'));
      await account.shownCode('sales');
      account.confirm('sales').catch(() => {});
      await account.sim.frozen();
    },
  ],
];
for (const [when, faults, goOn] of crashes) {
  test(`a crash ${when}: nothing of it is left, and a new connect links by passkey`, async (t) => {
    const account = await startDemanding(t);
    const { outcome } = await account.demand('sales', { faults });
    await goOn(account);
    await account.ponted.stop('SIGKILL');
    assert.ok((await outcome) instanceof Error);
    const { connections } = (await account.sim.state()).counts;
    const ponted = await account.start();
    const item = await ponted.instance('sales');
    assert.equal(item.connection.state, 'disconnected');
    assert.equal(item.numberJid, null);
    assert.equal((await account.passkey('sales')).status, 404);
    assert.equal((await account.sim.state()).counts.connections, connections, 'it does not begin by itself');

    await account.sim.fail({ passkey: true, next: 1 });
    const { body } = await ponted.connect('sales');
    const again = account.sim.scan(body.qrCode).catch((error) => error);
    await ponted.reached('sales', 'passkey_required');
    await account.finish('sales', { outcome: again });
    assert.deepEqual((await account.sim.state()).violations, []);
  });
}
