// /ws/:instance on its own listener: what it pushes, whom it lets in.
import assert from 'node:assert/strict';
import test from 'node:test';
import { accountToken } from '../support/node/ponted.mjs';
import { startService } from '../support/node/service.mjs';
import { needsWs, openWebSocket } from '../support/node/web-socket.mjs';

const configure = (ponted, name, body, options) =>
  ponted.request('POST', `/api/events/websocket/${name}`, { body, ...options });
const read = (ponted, name, options) => ponted.request('GET', `/api/events/getWebsocket/${name}`, options);
const socketUrl = (ponted, path) => {
  const url = new URL(ponted.url);
  return `ws://127.0.0.1:${Number(url.port) + 1}${path}`;
};

async function open(t, ponted, path, { token = accountToken, ...options } = {}) {
  const headers = token ? { token } : {};
  const socket = await openWebSocket(socketUrl(ponted, path), { ...options, headers: { ...headers, ...options.headers } });
  if (socket.close) t.after(() => socket.close());
  return socket;
}

const all = ['message.exchange', 'message.status', 'call.update', 'group.flow', 'instance.state', 'label.update'];

test('the configuration: what is sent is kept, disabling clears it, list shows it', async (t) => {
  const service = await startService(t);
  const { ponted } = service;
  await ponted.create('ws');
  const never = await read(ponted, 'ws');
  assert.equal(never.status, 404);
  assert.equal(never.body.error.message, 'WebSocket not configured for this instance');
  const set = await configure(ponted, 'ws', { enabled: true, events: ['instance.state'], mediaBase64: true });
  assert.equal(set.status, 200, JSON.stringify(set.body));
  const expected = { enabled: true, events: ['instance.state'], mediaBase64: true };
  assert.deepEqual(set.body.websocket, expected);
  await service.restart('SIGKILL');
  const kept = await read(service.ponted, 'ws');
  assert.equal(kept.body.message, 'WebSocket configuration retrieved');
  assert.deepEqual(kept.body.websocket, expected);
  assert.deepEqual((await service.ponted.instance('ws')).websocket, expected);
  assert.deepEqual((await configure(service.ponted, 'ws', { enabled: true })).body.websocket.events, all);
  const off = await configure(service.ponted, 'ws', { enabled: false, events: ['call.update'], mediaBase64: true });
  assert.deepEqual(off.body.websocket, { enabled: false, events: [], mediaBase64: false });
  assert.equal((await read(service.ponted, 'ws')).status, 200, 'a disabled one is one');
});

test('the configuration of create; a block that cannot be fails nothing', async (t) => {
  const { ponted } = await startService(t);
  const made = await ponted.create('inline', { websocketEnabled: true, websocketEvents: ['call.update'] });
  assert.deepEqual(made.body.instance.websocket, { enabled: true, events: ['call.update'], mediaBase64: false });
  const odd = await ponted.create('odd', { websocketEnabled: true, websocketEvents: ['nonsense'] });
  assert.equal(odd.status, 201);
  assert.equal(odd.body.instance.websocket.enabled, false);
});

test('configurations that cannot be are 400 and change nothing', async (t) => {
  const { ponted } = await startService(t);
  await ponted.create('ws');
  await configure(ponted, 'ws', { enabled: true, events: ['call.update'] });
  const bad = [[{}, /enabled/], [{ enabled: 'yes' }, /enabled/], [{ enabled: true, events: 'all' }, /events/],
    [{ enabled: true, events: ['nonsense'] }, /events: expected message.exchange/], [{ enabled: true, events: [7] }, /events/],
    [{ enabled: true, mediaBase64: 1 }, /mediaBase64/], ['[]', /object/]];
  for (const [body, rule] of bad) {
    const refused = await configure(ponted, 'ws', body);
    assert.equal(refused.status, 400, JSON.stringify(body));
    assert.equal(refused.body.error.message, 'Invalid request body');
    assert.match(JSON.stringify(refused.body.error.details), rule);
  }
  assert.deepEqual((await read(ponted, 'ws')).body.websocket.events, ['call.update']);
  assert.equal((await configure(ponted, 'nobody', { enabled: true })).status, 404);
  assert.equal((await configure(ponted, 'ws', { enabled: true }, { token: null })).status, 401);
});

test('each event is pushed as its envelope, to all who are there', needsWs(), async (t) => {
  const service = await startService(t);
  const { sim, ponted } = service;
  await ponted.create('ws', { websocketEnabled: true });
  const { token } = await ponted.instance('ws');
  const sockets = [
    await open(t, ponted, '/ws/ws'),
    await open(t, ponted, '/ws/ws', { token }),
    await open(t, ponted, `/ws/ws?token=${token}`, { token: null }),
    await open(t, ponted, '/ws/ws', { token: null, headers: { authorization: `Bearer ${token}` } }),
  ];
  const { body: issued } = await ponted.request('POST', '/v1/tickets', { token });
  sockets.push(await open(t, ponted, `/ws/ws?ticket=${issued.ticket}`, { token: null }));
  assert.deepEqual(sockets.map(({ status }) => status), sockets.map(() => 101));
  const { body } = await ponted.connect('ws');
  await sim.scan(body.qrCode);
  for (const socket of sockets) {
    const first = await socket.next();
    assert.equal(first.event, 'instance.state');
    assert.deepEqual(first.data.codes, [body.qrCode]);
    assert.deepEqual(first.instanceData, { baseUrl: ponted.url, instance: 'ws', token });
    assert.equal((await socket.next()).data.state, 'pair_success');
    assert.equal((await socket.next()).data.state, 'connected');
  }
});

test('only the events that were asked for are pushed', needsWs(), async (t) => {
  const { ponted } = await startService(t);
  await ponted.create('ws', { websocketEnabled: true, websocketEvents: ['call.update'] });
  const socket = await open(t, ponted, '/ws/ws');
  await ponted.connect('ws');
  await assert.rejects(socket.next(1), /within 1 s/);
});

test('who is not let in is told why before the upgrade', needsWs(), async (t) => {
  const { ponted } = await startService(t, { env: { PONTE_CORS_ORIGINS: 'https://app.example' } });
  await ponted.create('ws', { websocketEnabled: true });
  await ponted.create('off');
  const other = (await ponted.create('other')).body.instance.token;
  const refused = async (path, options) => {
    const { status, body } = await open(t, ponted, path, options);
    return [status, body.error?.message];
  };
  assert.deepEqual(await refused('/ws/ws', { token: null }), [401, 'Invalid token']);
  assert.deepEqual(await refused('/ws/ws', { token: other }), [401, 'Invalid token']);
  assert.deepEqual(await refused('/ws/nobody'), [404, 'Instance not found']);
  assert.deepEqual(await refused('/ws/off'), [400,
    'WebSocket is not enabled for this instance. Configure it first using POST /api/events/websocket/off']);
  assert.deepEqual(await refused('/api/instance/list'), [404, 'Not found'], 'nothing else is done by an upgrade');
  assert.deepEqual(await refused('/ws/ws', { headers: { origin: 'https://evil.example' } }), [403, 'Forbidden']);
  assert.equal((await open(t, ponted, '/ws/ws', { headers: { origin: 'https://app.example' } })).status, 101);
  const plain = await fetch(socketUrl(ponted, '/ws/ws').replace('ws:', 'http:'), { headers: { token: accountToken } });
  assert.equal(plain.status, 426);
  const rest = await ponted.request('GET', '/ws/ws');
  assert.equal(rest.status, 426, 'and on the other listener');
  assert.match(JSON.stringify(rest.body.error.details), /PONTE_WS_LISTEN/);
});

test('a socket counts against the limit as a request does', needsWs(), async (t) => {
  const { ponted } = await startService(t, { env: { PONTE_RATE_LIMIT: '3' } });
  await ponted.create('ws', { websocketEnabled: true });
  const statuses = [];
  for (let index = 0; index < 4; index++) statuses.push((await open(t, ponted, '/ws/ws')).status);
  assert.deepEqual(statuses, [101, 101, 101, 429]);
});

test('disabling lets those stay that are open; removal and the end of the service close them', needsWs(), async (t) => {
  const service = await startService(t);
  const { ponted } = service;
  for (const name of ['stays', 'goes']) await ponted.create(name, { websocketEnabled: true });
  const stays = await open(t, ponted, '/ws/stays');
  const goes = await open(t, ponted, '/ws/goes');
  await configure(ponted, 'stays', { enabled: false });
  assert.equal((await open(t, ponted, '/ws/stays')).status, 400);
  await ponted.connect('stays');
  assert.equal((await stays.next()).data.state, 'qr_ready');
  await ponted.remove('goes');
  assert.equal(await goes.closed(), 1001);
  await ponted.stop();
  assert.equal(await stays.closed(), 1001);
});

test('two hundred sockets of one instance all get each event', needsWs(), async (t) => {
  const { ponted } = await startService(t);
  await ponted.create('ws', { websocketEnabled: true });
  const sockets = await Promise.all(Array.from({ length: 200 }, () => open(t, ponted, '/ws/ws')));
  await ponted.connect('ws');
  const states = await Promise.all(sockets.map(async (socket) => (await socket.next()).data.state));
  assert.deepEqual(new Set(states), new Set(['qr_ready']));
});
