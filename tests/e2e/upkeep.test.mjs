// What a linked account is kept up with: reconnect, logout, settings, and what the server's refusals lead to.
import assert from 'node:assert/strict';
import test from 'node:test';
import { assertError } from '../support/node/ponted.mjs';
import { startService } from '../support/node/service.mjs';
import { until } from '../support/node/process.mjs';

const reconnect = (ponted, name, options) => ponted.request('POST', `/api/instance/reconnect/${name}`, options);
const logOut = (ponted, name, options) => ponted.request('DELETE', `/api/instance/logout/${name}`, options);
const settings = (ponted, name, body) =>
  ponted.request(body === undefined ? 'GET' : 'POST', `/api/instance/${body === undefined ? 'getSettings' : 'settings'}/${name}`, { body });

async function companion(sim) {
  const { phones } = await sim.state();
  return phones[0]?.companions[0];
}

// ---- reconnect ----

test('reconnect dials anew, with either token and whatever body', async (t) => {
  const service = await startService(t);
  const { sim, ponted } = service;
  await service.link('again');
  const { token } = await ponted.instance('again');
  for (const options of [{}, { token }, { body: { any: 'thing' } }, { body: 'no JSON' }]) {
    const { logins } = await service.counts();
    const answer = await reconnect(ponted, 'again', options);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.deepEqual(answer.body, { success: true, message: 'Reconnect initiated', status: 'connecting' });
    await sim.until('a login', ({ counts }) => counts.logins === logins + 1);
    await ponted.reached('again', 'connected');
  }
  const { connections, counts } = await sim.state();
  assert.equal(connections.filter(({ number }) => number).length, 1, 'the old ones are closed');
  assert.equal(counts.pairings, 1);
});

test('reconnect without a session is 400, of an unknown instance 404', async (t) => {
  const { ponted } = await startService(t);
  await ponted.create('never');
  assertError(await reconnect(ponted, 'never'), 400, 'Instance has no saved session — call /connect first');
  assertError(await reconnect(ponted, 'nobody'), 404, 'Instance not found');
});

test('reconnect says what the dial failed with, and the instance goes on trying', async (t) => {
  const service = await startService(t);
  const { sim, ponted } = service;
  await service.link('away');
  await sim.fail({ upgradeStatus: 503, next: 1 });
  const answer = await reconnect(ponted, 'away');
  assert.equal(answer.status, 500, JSON.stringify(answer.body));
  assert.match(answer.body.error.message, /^Failed to reconnect: .*503/);
  assert.equal(answer.body.error.code, 'WEBSOCKET_REFUSED');
  await ponted.reached('away', 'connected');
});

test('reconnect takes up an account that another client has replaced', async (t) => {
  const service = await startService(t);
  const { sim, ponted } = service;
  await service.link('replaced');
  await sim.admin('stream-error', { conflict: 'replaced' });
  const item = await ponted.reached('replaced', 'disconnected');
  assert.equal(item.reason.code, 'STREAM_REPLACED');
  assert.equal(item.reason.retryAt, undefined, 'it does not come back by itself');
  await service.restart();
  const { logins } = await service.counts();
  const after = await service.ponted.instance('replaced');
  assert.equal(after.reason.code, 'STREAM_REPLACED', 'nor after a restart');
  assert.equal((await reconnect(service.ponted, 'replaced')).status, 200);
  await service.ponted.reached('replaced', 'connected');
  assert.equal((await service.counts()).logins, logins + 1);
});

// ---- logout ----

test('logout unlinks on the phone; the instance stays and links again', async (t) => {
  const service = await startService(t);
  const { sim, ponted } = service;
  await service.link('left');
  const { token, id } = await ponted.instance('left');
  const answer = await logOut(ponted, 'left', { token });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.deepEqual(answer.body, {
    success: true, message: 'Instance logged out', instance: { status: 'loggedout' }, unlinked: true,
  });
  assert.equal(await companion(sim), undefined);
  const item = await ponted.instance('left');
  assert.deepEqual([item.connection.state, item.numberJid, item.id, item.token], ['loggedout', null, id, token]);
  assertError(await reconnect(ponted, 'left'), 400, 'Instance has no saved session — call /connect first');
  await service.restart('SIGKILL');
  assert.equal((await service.ponted.instance('left')).connection.state, 'loggedout');
  const { body } = await service.ponted.connect('left');
  assert.equal(body.status, 'qr', JSON.stringify(body));
  await sim.scan(body.qrCode);
  await service.ponted.reached('left', 'connected');
  assert.deepEqual((await sim.state()).violations, []);
});

test('logout while WhatsApp cannot be reached forgets the session all the same, and says so', async (t) => {
  const service = await startService(t);
  const { sim, ponted } = service;
  await service.link('cut');
  await sim.fail({ upgradeStatus: 503 });
  await sim.admin('drop');
  const answer = await logOut(ponted, 'cut');
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.equal(answer.body.unlinked, false);
  assert.equal((await ponted.instance('cut')).connection.state, 'loggedout');
  assert.ok(await companion(sim), 'the phone still lists it');
});

test('logout of what was never linked is 200, of an attempt ends it, of the unknown 404', async (t) => {
  const { sim, ponted } = await startService(t);
  await ponted.create('new');
  assert.equal((await logOut(ponted, 'new')).status, 200);
  assert.equal((await ponted.connect('new')).body.status, 'qr');
  assert.equal((await logOut(ponted, 'new')).status, 200);
  await sim.until('its socket is closed', ({ connections }) => connections.length === 0);
  assertError(await logOut(ponted, 'nobody'), 404, 'Instance not found');
});

// ---- settings ----

const defaults = {
  autoRejectCalls: false, callRejectMessage: '', ignoreGroupMessages: false, keepOnlineStatus: false,
  autoReadMessages: false, disableHistorySync: true, ignoreStatus: false,
};

test('settings: what is sent changes, the rest stays, and all of it outlives a crash', async (t) => {
  const service = await startService(t);
  await service.ponted.create('set', { callRejectMessage: 'later' });
  const read = await settings(service.ponted, 'set');
  assert.equal(read.body.message, 'Settings retrieved successfully');
  assert.deepEqual(read.body.settings, { ...defaults, callRejectMessage: 'later' });
  const changed = await settings(service.ponted, 'set', { autoRejectCalls: true, ignoreStatus: true });
  assert.equal(changed.body.message, 'Settings updated successfully');
  const expected = { ...defaults, callRejectMessage: 'later', autoRejectCalls: true, ignoreStatus: true };
  assert.deepEqual(changed.body.settings, expected);
  await service.restart('SIGKILL');
  assert.deepEqual((await settings(service.ponted, 'set')).body.settings, expected);
  assert.deepEqual((await service.ponted.instance('set')).settings, expected);
});

test('settings that cannot be are 400, name the field, and change nothing', async (t) => {
  const { ponted } = await startService(t);
  await ponted.create('set');
  assertError(await settings(ponted, 'set', {}), 400, 'At least one setting must be provided');
  for (const [field, value] of [['autoRejectCalls', 'yes'], ['callRejectMessage', 7], ['ignoreStatus', 'false']]) {
    const error = assertError(
      await settings(ponted, 'set', { autoReadMessages: true, [field]: value }), 400, 'Invalid request body');
    assert.match(JSON.stringify(error.details), new RegExp(field));
  }
  assertError(await settings(ponted, 'set', '[]'), 400, 'Invalid request body');
  assert.deepEqual((await settings(ponted, 'set')).body.settings, defaults);
  assertError(await settings(ponted, 'nobody', { ignoreStatus: true }), 404, 'Instance not found');
});

test('keepOnlineStatus acts on the connection that is there', async (t) => {
  const service = await startService(t);
  const { sim, ponted } = service;
  await ponted.create('seen');
  const { body } = await ponted.connect('seen');
  // Only who has a name may say that it is available; a business has it from the pairing.
  await sim.admin('scan', { qr: body.qrCode, business: 'Padaria Ponte' });
  await ponted.reached('seen', 'connected');
  for (const keepOnlineStatus of [true, false]) {
    await settings(ponted, 'seen', { keepOnlineStatus });
    await until(`the server sees it ${keepOnlineStatus ? 'online' : 'offline'}`,
      async () => (await companion(sim)).available === keepOnlineStatus);
  }
  assert.equal((await service.counts()).logins, 1);
});

// ---- what the server answers a login ----

const gone = [
  { failure: { reason: 401 }, code: 'LOGGED_OUT' },
  { failure: { reason: 403 }, code: 'ACCOUNT_LOCKED' },
  { failure: { reason: 406 }, code: 'BANNED' },
];
for (const { failure, code } of gone) {
  test(`a login refused with ${failure.reason}: loggedout, and connect links anew`, async (t) => {
    const service = await startService(t);
    const { sim, ponted } = service;
    await service.link('gone');
    await sim.fail({ failure, next: 1 });
    await reconnect(ponted, 'gone');
    const item = await ponted.reached('gone', 'loggedout');
    assert.equal(item.reason.code, code);
    assert.equal(item.numberJid, null);
    assert.equal((await ponted.connect('gone')).body.status, 'qr');
  });
}

test('a temporary ban: nothing is tried before it expires, not even after a restart', async (t) => {
  const service = await startService(t);
  const { sim, ponted } = service;
  await service.link('banned');
  await sim.fail({ failure: { reason: 402, code: 101, expire: 3600 }, next: 1 });
  await reconnect(ponted, 'banned');
  const item = await ponted.reached('banned', 'disconnected');
  assert.equal(item.reason.code, 'TEMPORARILY_BANNED');
  const left = (Date.parse(item.reason.retryAt) - Date.now()) / 1000;
  assert.ok(left > 3500 && left < 3610, `${left} s`);
  await service.restart('SIGKILL');
  const { connections } = await service.counts();
  const error = assertError(await service.ponted.connect('banned'), 500, 'Failed to generate QR code');
  assert.equal(error.code, 'TEMPORARILY_BANNED');
  assert.ok(Math.abs(Date.parse(error.retryAt) - Date.parse(item.reason.retryAt)) < 2000);
  assert.equal((await reconnect(service.ponted, 'banned')).status, 500);
  assert.equal((await service.counts()).connections, connections, 'the server is left alone');
});

test('a server in trouble: the reason and the time of the next try are told, and it comes back by itself', async (t) => {
  const service = await startService(t);
  const { sim, ponted } = service;
  await service.link('trouble');
  await sim.fail({ failure: { reason: 503 }, next: 3 });
  await reconnect(ponted, 'trouble');
  const told = await until('the reason', async () => {
    const item = await ponted.instance('trouble');
    return item.reason?.retryAt && item;
  });
  assert.equal(told.connection.state, 'disconnected');
  assert.equal(told.reason.code, 'SERVER_ERROR');
  const back = await ponted.reached('trouble', 'connected');
  assert.equal(back.reason, undefined);
});

// ---- many ----

test('fifty accounts come back after a crash, no faster than the rate that was set', async (t) => {
  const count = 50;
  const rate = 25;
  const service = await startService(t, { env: { PONTE_DIAL_RATE: String(rate) } });
  const { sim } = service;
  await Promise.all(Array.from({ length: count }, (_, index) => service.link(`many-${index}`)));
  const before = await service.counts();
  await service.ponted.stop('SIGKILL');
  await sim.until('the old sockets are gone', ({ connections }) => connections.length === 0);
  await service.start();
  const begun = Date.now();
  const first = (await service.counts()).logins;
  await sim.until('all are back', ({ counts }) => counts.logins === before.logins + count);
  const seconds = (Date.now() - begun) / 1000;
  const paced = before.logins + count - first;
  assert.ok(seconds >= paced / rate - 1, `${paced} logins within ${seconds} s`);
  const { body } = await service.ponted.request('GET', '/api/instance/list');
  assert.equal(body.instances.length, count);
  for (const { name } of body.instances) await service.ponted.reached(name, 'connected');
  const { counts, violations } = await sim.state();
  assert.equal(counts.pairings, count);
  assert.equal(counts.connections, before.connections + count, 'one connection each');
  assert.deepEqual(violations, []);
});
