// The heart: from nothing to a linked account, and across restarts.
import assert from 'node:assert/strict';
import test from 'node:test';
import { pointedAt, startPonted, temporaryFolder } from '../support/node/ponted.mjs';
import { until } from '../support/node/process.mjs';
import { needsZbar, pngOf, readQr } from '../support/node/qr.mjs';
import { startSim } from '../support/node/sim.mjs';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

async function start(t, env = {}, simArguments = []) {
  const sim = await startSim(simArguments);
  t.after(() => sim.stop());
  const dataDir = await temporaryFolder(t);
  let current;
  const again = async () => (current = await startPonted({ dataDir, env: { ...pointedAt(sim), ...env } }));
  t.after(() => current?.stop('SIGKILL'));
  return { sim, dataDir, ponted: await again(), again };
}

test('an account is linked by QR, stays linked across a restart and a crash, and is unlinked by delete', async (t) => {
  const { sim, ponted: first, again } = await start(t);

  const created = await first.create('sales');
  assert.equal(created.status, 201, JSON.stringify(created.body));
  assert.equal(created.body.success, true);
  assert.match(created.body.instance.id, uuid);
  assert.equal(created.body.instance.name, 'sales');
  assert.equal(created.body.instance.status, 'disconnected');
  assert.equal(created.body.instance.numberJid, null);
  assert.match(created.body.instance.createdAt, rfc3339);
  const token = created.body.instance.token;
  assert.ok(token.length >= 16, 'a token that cannot be guessed');

  const code = await first.connect('sales', { token });
  assert.equal(code.status, 200, JSON.stringify(code.body));
  assert.deepEqual(
    { success: code.body.success, message: code.body.message, status: code.body.status },
    { success: true, message: 'QR code generated', status: 'qr' },
  );
  assert.match(code.body.qrCode, /^https:\/\/wa\.me\/settings\/linked_devices#[^,]+(,[A-Za-z0-9+/]{43}=){3},\w+$/);
  assert.ok(code.body.expiresIn > 20 && code.body.expiresIn <= 60, `expiresIn: ${code.body.expiresIn}`);
  assert.equal((await first.instance('sales')).connection.state, 'connecting');

  const paired = await sim.scan(code.body.qrCode);
  const item = await first.reached('sales', 'connected');
  assert.match(item.numberJid, /^\d{7,15}@s\.whatsapp\.net$/);
  assert.equal(item.connection.numberJid, item.numberJid);
  assert.equal(item.status, 'connected');
  assert.equal(item.token, token);
  assert.equal(item.reason, undefined, JSON.stringify(item.reason));
  assert.equal(item.numberJid, `${paired.number}@s.whatsapp.net`);

  const already = await first.connect('sales');
  assert.equal(already.status, 200);
  assert.equal(already.body.message, 'Instance already connected');
  assert.equal(already.body.status, 'connected');
  assert.equal(already.body.qrCode, undefined);

  const stopped = await first.stop('SIGTERM');
  assert.deepEqual(stopped, { code: 0, signal: null }, first.process.output());

  const second = await again();
  const resumed = await second.reached('sales', 'connected');
  assert.equal(resumed.id, created.body.instance.id);
  assert.equal(resumed.numberJid, item.numberJid);
  assert.equal(resumed.token, token, 'the token is still the same');

  await second.stop('SIGKILL');
  const third = await again();
  const survived = await third.reached('sales', 'connected');
  assert.equal(survived.numberJid, item.numberJid);

  const { counts, violations } = await sim.state();
  assert.equal(counts.pairings, 1, 'it was paired once only');
  assert.equal(counts.logins, 3, 'one login after 515, one after each start');
  assert.deepEqual(violations, [], 'nothing that WhatsApp would not accept');

  const removed = await third.remove('sales');
  assert.equal(removed.status, 200, JSON.stringify(removed.body));
  assert.deepEqual(removed.body.instance, { status: 'deleted' });
  const gone = await third.request('GET', '/api/instance/list?instanceName=sales');
  assert.equal(gone.status, 404);
  await sim.until('the phone lists no device any more', (state) =>
    state.phones.every((phone) => phone.companions.length === 0),
  );
  assert.deepEqual(await third.stop(), { code: 0, signal: null });
});

test('the picture of the QR is the text of the QR', needsZbar(), async (t) => {
  const { ponted } = await start(t);
  await ponted.create('picture');
  const { body } = await ponted.connect('picture');
  assert.equal(readQr(pngOf(body.qrCodeBase64)), body.qrCode);
});

test('the QR that is shown rotates, and the current one can be scanned', async (t) => {
  const short = ['--first-ref-ms', '2000', '--ref-ms', '2000'];
  const { sim, ponted } = await start(t, { PONTE_QR_FIRST_TTL: '2', PONTE_QR_TTL: '2' }, short);
  await ponted.create('rotating');
  const first = (await ponted.connect('rotating')).body;
  assert.ok(first.expiresIn <= 2);
  const second = await until('another code', async () => {
    const { qrCode } = (await ponted.connect('rotating')).body;
    return qrCode !== first.qrCode && qrCode;
  });
  assert.equal((await sim.state()).counts.connections, 1, 'on the same socket');
  await sim.scan(second);
  await ponted.reached('rotating', 'connected');
});

test('callers that connect at once share one attempt and one code', async (t) => {
  const { sim, ponted } = await start(t);
  await ponted.create('shared');
  const answers = await Promise.all(Array.from({ length: 20 }, () => ponted.connect('shared')));
  assert.deepEqual(new Set(answers.map((answer) => answer.status)), new Set([200]));
  assert.equal(new Set(answers.map((answer) => answer.body.qrCode)).size, 1);
  assert.equal((await sim.state()).counts.connections, 1);
});

test('a caller that hangs up does not end the attempt', async (t) => {
  const { sim, ponted } = await start(t, { PONTE_CONNECT_TIMEOUT: '30' });
  await ponted.create('left');
  await sim.fail({ delayMs: 300, next: 1 });
  const caller = new AbortController();
  const left = ponted.connect('left', { signal: caller.signal }).catch((error) => error.name);
  await sim.until('the attempt has begun', (state) => state.counts.connections === 1);
  caller.abort();
  assert.equal(await left, 'AbortError');
  const code = await ponted.connect('left');
  assert.equal(code.status, 200, JSON.stringify(code.body));
  assert.equal((await sim.state()).counts.connections, 1, 'on the same socket');
  await sim.scan(code.body.qrCode);
  await ponted.reached('left', 'connected');
});

test('instances are linked side by side, each to its own account', async (t) => {
  const { sim, ponted } = await start(t);
  const names = ['one', 'two', 'three', 'four', 'five'];
  await Promise.all(
    names.map(async (name) => {
      await ponted.create(name);
      const { body } = await ponted.connect(name);
      await sim.scan(body.qrCode);
    }),
  );
  const items = await Promise.all(names.map((name) => ponted.reached(name, 'connected')));
  assert.equal(new Set(items.map((item) => item.numberJid)).size, names.length);
  assert.equal(new Set(items.map((item) => item.token)).size, names.length);
});
