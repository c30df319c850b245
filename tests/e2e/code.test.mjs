// Linking by a code that the phone's user types: ?number= and ?code= of connect.
import assert from 'node:assert/strict';
import test from 'node:test';
import { assertError } from '../support/node/ponted.mjs';
import { startService } from '../support/node/service.mjs';

const number = '5511987654321';
const other = '5511912345678';

const byCode = (ponted, name, more = '', of = number) => ponted.connect(name, { query: `?number=${of}${more}` });

function assertCode(answer) {
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  const { success, message, status, pairingCode, expiresIn } = answer.body;
  assert.deepEqual({ success, message, status }, { success: true, message: 'Pairing code generated', status: 'pairing_code' });
  assert.match(pairingCode, /^[1-9A-HJ-NP-TV-Z]{4}-[1-9A-HJ-NP-TV-Z]{4}$/);
  assert.ok(expiresIn > 0 && expiresIn <= 180, `expires in ${expiresIn} s`);
  return pairingCode;
}

test('a typed code links the account, and the link outlives a restart', async (t) => {
  const service = await startService(t);
  const { sim, ponted } = service;
  await ponted.create('typed');
  const code = assertCode(await byCode(ponted, 'typed'));
  assert.equal((await ponted.instance('typed')).connection.state, 'connecting');
  await assert.rejects(sim.enterCode(number, code.startsWith('1') ? 'ABCD-1234' : '1BCD-1234'), 'a mistyped one is told');
  await sim.enterCode(number, code);
  const item = await ponted.reached('typed', 'connected');
  assert.equal(item.numberJid, `${number}@s.whatsapp.net`);
  assert.equal((await byCode(ponted, 'typed')).body.status, 'connected');
  await service.restart('SIGKILL');
  await service.ponted.reached('typed', 'connected');
  const { counts, violations } = await sim.state();
  assert.equal(counts.pairings, 1);
  assert.deepEqual(violations, []);
});

test("the user's own code, however it and the number are written", async (t) => {
  const { sim, ponted } = await startService(t);
  await ponted.create('own');
  const written = encodeURIComponent('+55 (11) 98765-4321');
  const answer = await ponted.connect('own', { query: `?number=${written}&code=abcd-1234` });
  assert.equal(assertCode(answer), 'ABCD-1234');
  await sim.enterCode(number, 'ABCD1234');
  await ponted.reached('own', 'connected');
});

test('numbers and codes out of range are 400, name the rule, and begin nothing', async (t) => {
  const { sim, ponted } = await startService(t);
  await ponted.create('wrong');
  for (const value of ['', '123456', '1234567890123456', '0511987654321', '55119x87654', '٥٥١١٩٨٧٦٥٤٣']) {
    const answer = await ponted.connect('wrong', { query: `?number=${encodeURIComponent(value)}` });
    const error = assertError(answer, 400, 'Invalid phone number', 'INVALID_NUMBER');
    assert.match(JSON.stringify(error.details), /number.*7 to 15 digits/, value);
  }
  for (const value of ['', 'ABCD123', 'ABCD12345', 'ABCD0234', 'ABCDI234', 'ABCDO234', 'ABCDU234', 'ÄBCD1234']) {
    const error = assertError(
      await byCode(ponted, 'wrong', `&code=${encodeURIComponent(value)}`), 400, 'Invalid pairing code', 'INVALID_CODE');
    assert.match(JSON.stringify(error.details), /code: expected .*(8 symbols|of)/, value);
  }
  assertError(await ponted.connect('wrong', { query: '?code=ABCD1234' }), 400, 'Invalid pairing code', 'INVALID_CODE');
  assert.equal((await ponted.instance('wrong')).connection.state, 'disconnected');
  assert.equal((await sim.state()).counts.connections, 0);
});

const refusals = [
  { refusal: { code: 400, text: 'bad-request' }, code: 'PAIRING_BAD_REQUEST' },
  { refusal: { code: 403, text: 'forbidden' }, code: 'PAIRING_REFUSED' },
  { refusal: { code: 429, text: 'rate-overlimit', backoff: 90 }, code: 'PAIRING_THROTTLED', retryAfter: 90 },
  { refusal: { code: 452, text: 'unavailable' }, code: 'PAIRING_UNAVAILABLE' },
  { refusal: { code: 500, text: 'internal-server-error' }, code: 'SERVER_ERROR' },
];
for (const { refusal, code, retryAfter } of refusals) {
  test(`a server that answers ${refusal.code}: ${code}, and the QR on the same socket still links`, async (t) => {
    const { sim, ponted } = await startService(t);
    await sim.fail({ number, codeRefusal: refusal });
    await ponted.create('refused');
    const error = assertError(await byCode(ponted, 'refused'), 500, 'Failed to generate QR code', code);
    if (retryAfter) {
      const seconds = (Date.parse(error.retryAt) - Date.now()) / 1000;
      assert.ok(seconds > retryAfter - 30 && seconds <= retryAfter + 1, `in ${seconds} s`);
      assertError(await byCode(ponted, 'refused', '', other), 500, 'Failed to generate QR code', code);
    }
    assert.equal((await ponted.instance('refused')).reason.code, code);
    const { body } = await ponted.connect('refused');
    assert.equal(body.status, 'qr', JSON.stringify(body));
    await sim.scan(body.qrCode);
    await ponted.reached('refused', 'connected');
    assert.equal((await sim.state()).counts.connections, 2, 'one to link, one to log in');
  });
}

test('a code dies with its socket, and is never given again', async (t) => {
  const { sim, ponted } = await startService(t);
  await ponted.create('dropped');
  const dead = assertCode(await byCode(ponted, 'dropped'));
  await sim.admin('drop');
  await ponted.reached('dropped', 'disconnected');
  await assert.rejects(sim.enterCode(number, dead), /404|409/);
  const code = assertCode(await byCode(ponted, 'dropped'));
  assert.notEqual(code, dead);
  await sim.enterCode(number, code);
  await ponted.reached('dropped', 'connected');
});

test('200 callers with mixed parameters: one socket, and each gets what is on the wire', async (t) => {
  const { sim, ponted } = await startService(t);
  await ponted.create('crowd');
  const queries = ['', `?number=${number}`, '', `?number=${encodeURIComponent(`+${number}`)}`];
  const callers = Array.from({ length: 200 }, (_, index) => ponted.connect('crowd', { query: queries[index % 4] }));
  const answers = await Promise.all(callers);
  const given = (status) => answers.filter(({ body }) => body.status === status).map(({ body }) => body);
  assert.equal(given('qr').length, 100, JSON.stringify(answers.find(({ status }) => status !== 200)?.body));
  assert.equal(given('pairing_code').length, 100);
  // A code that is asked for brings a new secret: who came before it has the QR of the earlier one, nobody a third.
  assert.ok(new Set(given('qr').map(({ qrCode }) => qrCode)).size <= 2);
  const codes = new Set(given('pairing_code').map(({ pairingCode }) => pairingCode));
  assert.equal(codes.size, 1, 'within 5 s everybody gets the same code');
  const { counts, connections } = await sim.state();
  assert.equal(counts.connections, 1);
  assert.equal(connections[0].codeNumber, number);
  await sim.enterCode(number, [...codes][0]);
  await ponted.reached('crowd', 'connected');
  assert.deepEqual((await sim.state()).violations, []);
});

test('200 callers for two numbers: nobody gets a code of the other, the last number wins', async (t) => {
  const { sim, ponted } = await startService(t);
  await ponted.create('rivals');
  const callers = [];
  for (let index = 0; index < 200; index++) {
    const of = index % 2 === 0 ? number : other;
    callers.push(byCode(ponted, 'rivals', '', of).then((answer) => ({ of, answer })));
  }
  const answers = await Promise.all(callers);
  const shown = new Map([[number, new Set()], [other, new Set()]]);
  for (const { of, answer } of answers) {
    if (answer.status === 200) shown.get(of).add(assertCode(answer));
    else assertError(answer, 500, 'Failed to generate QR code', 'SUPERSEDED');
  }
  const common = [...shown.get(number)].filter((code) => shown.get(other).has(code));
  assert.deepEqual(common, []);
  const { counts, connections } = await sim.state();
  assert.equal(counts.connections, 1);
  const out = connections[0].codeNumber;
  const last = [...shown.get(out)].at(-1);
  assert.ok(last, 'the code that is out was given to somebody');
  await sim.enterCode(out, last);
  await ponted.reached('rivals', 'connected');
});

test('an attempt for QRs becomes one for a code, and back, on the same socket', async (t) => {
  const { sim, ponted } = await startService(t);
  await ponted.create('both');
  assert.equal((await ponted.connect('both')).body.status, 'qr');
  assertCode(await byCode(ponted, 'both'));
  const { body } = await ponted.connect('both');
  assert.equal(body.status, 'qr');
  await sim.scan(body.qrCode);
  const item = await ponted.reached('both', 'connected');
  assert.notEqual(item.numberJid, `${number}@s.whatsapp.net`);
  assert.equal((await sim.state()).counts.connections, 2);
});
