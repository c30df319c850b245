// Accounts with a passkey: the demand, the assertion, the code that is compared, and the link.
import assert from 'node:assert/strict';
import test from 'node:test';
import { number, startDemanding, ways } from '../support/node/demanding.mjs';

/** A call of connect that does not wait: it says what is demanded. */
async function assertConnectSays(ponted, name, code) {
  for (const query of ['', `?number=${number}`, '?history=30']) {
    const begun = Date.now();
    const answer = await ponted.connect(name, { query });
    assert.equal(answer.status, 500, JSON.stringify(answer.body));
    assert.equal(answer.body.error.message, 'Failed to generate QR code');
    assert.equal(answer.body.error.code, code);
    assert.match(answer.body.error.details, new RegExp(`/v1/instances/${name}/passkey`));
    assert.ok(Date.now() - begun < 5000, 'at once');
  }
}

for (const [way, approval] of Object.entries(ways)) {
  test(`after a ${way}: assertion, comparison and confirmation link, and the link stays`, async (t) => {
    const account = await startDemanding(t);
    const { sim, said } = account;
    let { ponted } = account;
    const { outcome, item } = await account.demand('sales', { way: approval });
    assert.equal(item.status, 'passkey_required');
    assert.equal(item.connection.displayStatus, 'Passkey required');
    assert.equal(item.numberJid, null);
    assert.equal(item.reason.code, 'PASSKEY_REQUIRED');
    assert.match(item.reason.message, /\/v1\/instances\/sales\/passkey/);
    await assertConnectSays(ponted, 'sales', 'PASSKEY_REQUIRED');

    const asked = await account.passkey('sales');
    assert.equal(asked.status, 200, JSON.stringify(asked.body));
    assert.equal(asked.body.message, 'Passkey requested');
    const { stage, expiresAt, publicKey, code: none } = asked.body.passkey;
    assert.deepEqual([stage, none], ['requested', undefined]);
    assert.equal(publicKey.rpId, 'whatsapp.com');
    assert.match(publicKey.challenge, /^[A-Za-z0-9_-]{20,}$/);
    const minutes = (Date.parse(expiresAt) - Date.now()) / 60_000;
    assert.ok(minutes > 9 && minutes < 10.1, expiresAt);

    const { assertion } = await sim.passkeyAssertion(publicKey);
    const taken = await account.submit('sales', assertion);
    assert.equal(taken.status, 200, JSON.stringify(taken.body));
    assert.equal(taken.body.message, 'Assertion handed in');
    assert.equal(taken.body.passkey.stage, 'submitted');
    assert.equal(taken.body.passkey.publicKey, undefined);

    const code = await account.shownCode('sales');
    assert.match(code, /^[0-9A-Z]{4}-[0-9A-Z]{4}$/);
    assert.equal(code, await sim.passkeyCode(), 'what the user is to compare');
    const waiting = await ponted.instance('sales');
    assert.equal(waiting.connection.state, 'passkey_required');
    assert.equal(waiting.reason.code, 'PASSKEY_CONFIRMATION_REQUIRED');
    await assertConnectSays(ponted, 'sales', 'PASSKEY_CONFIRMATION_REQUIRED');

    const confirmed = await account.confirm('sales');
    assert.equal(confirmed.status, 200, JSON.stringify(confirmed.body));
    assert.equal(confirmed.body.message, 'Passkey confirmed');
    assert.equal(confirmed.body.passkey.stage, 'confirmed');
    const paired = await outcome;
    const linked = await ponted.reached('sales', 'connected');
    assert.match(linked.numberJid, new RegExp(`^${paired.number}@`));
    assert.equal(linked.reason, undefined);
    assert.equal((await account.passkey('sales')).status, 404, 'nothing is asked for any more');

    for (const signal of ['SIGKILL', 'SIGTERM']) {
      ponted = await account.restart(signal);
      assert.equal((await ponted.reached('sales', 'connected')).numberJid, linked.numberJid);
    }
    const { counts, violations } = await sim.state();
    assert.deepEqual([counts.pairings, counts.logins], [1, 3]);
    assert.deepEqual(violations, []);
    const { signature, authenticatorData, clientDataJSON } = assertion.response;
    said.assertHas('pair_success');
    said.assertNone([signature, authenticatorData, clientDataJSON, assertion.rawId]);
  });
}

test('a call of connect that waits is answered when the demand comes', async (t) => {
  const { ponted, sim } = await startDemanding(t);
  await ponted.create('sales');
  await sim.fail({ passkey: true, next: 1 });
  const { body } = await ponted.connect('sales', { query: `?number=${number}` });
  // Another number is asked for only 5 s after the first, so until then this one waits.
  const waiting = ponted.connect('sales', { query: '?number=5511987654321' });
  const outcome = sim.enterCode(number, body.pairingCode).catch((error) => error);
  await ponted.reached('sales', 'passkey_required');
  const answer = await waiting;
  assert.equal(answer.status, 500, JSON.stringify(answer.body));
  assert.equal(answer.body.error.code, 'PASSKEY_REQUIRED');
  await ponted.remove('sales');
  assert.ok((await outcome) instanceof Error, 'the phone learns that nothing comes of it');
});

test("the passkey is the account token's business", async (t) => {
  const account = await startDemanding(t);
  const { ponted, sim } = account;
  const { outcome } = await account.demand('sales');
  const { token } = await ponted.instance('sales');
  const assertion = await account.assertion('sales');
  for (const wrong of [token, null, 'no-token-of-anybody']) {
    const options = { token: wrong };
    const answers = [
      await account.passkey('sales', options),
      await account.submit('sales', assertion, options),
      await account.confirm('sales', options),
    ];
    for (const { status, body } of answers) {
      assert.equal(status, 401, JSON.stringify(body));
      assert.equal(body.error.message, 'Invalid token');
      assert.equal(body.passkey, undefined);
    }
  }
  assert.equal((await account.passkey('sales')).body.passkey.stage, 'requested', 'none of it had an effect');
  await account.finish('sales', { outcome });
  assert.deepEqual((await sim.state()).violations, []);
});

function assertNotAskedFor({ status, body }, expected) {
  assert.equal(status, expected, JSON.stringify(body));
  assert.equal(body.error.message, 'No passkey is asked for');
  assert.equal(body.error.code, 'PASSKEY_NOT_REQUESTED');
}

test('what is not asked for is 404, what comes out of turn 409, and neither disturbs', async (t) => {
  const account = await startDemanding(t);
  const { ponted, sim } = account;
  const nothing = async (name) => {
    assertNotAskedFor(await account.passkey(name), 404);
    assertNotAskedFor(await account.submit(name, {}), 404);
    assertNotAskedFor(await account.confirm(name), 404);
  };
  await ponted.create('idle');
  await nothing('idle');
  await ponted.connect('idle');
  await nothing('idle');
  for (const call of ['passkey', 'submit', 'confirm']) {
    const answer = await account[call]('nobody');
    assert.equal(answer.status, 404);
    assert.equal(answer.body.error.message, 'Instance not found');
  }

  const { outcome } = await account.demand('sales');
  await nothing('idle');
  assertNotAskedFor(await account.confirm('sales'), 409);
  const assertion = await account.assertion('sales');
  const [one, other] = await Promise.all([account.submit('sales', assertion), account.submit('sales', assertion)]);
  assert.deepEqual([one.status, other.status].sort(), [200, 409], 'two at once are one and one too many');
  const code = await account.shownCode('sales');
  assertNotAskedFor(await account.submit('sales', assertion), 409);
  assert.equal(code, await sim.passkeyCode());
  assert.equal((await account.confirm('sales')).status, 200);
  await ponted.reached('sales', 'connected');
  assert.ok(!((await outcome) instanceof Error));
  await nothing('sales');
  assert.deepEqual((await sim.state()).violations, []);
});
