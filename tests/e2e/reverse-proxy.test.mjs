// Ponte behind nginx and Caddy, configured as docs/reverse-proxy.md says.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import test from 'node:test';
import { scrape } from '../support/node/metrics.mjs';
import { accountToken } from '../support/node/ponted.mjs';
import { until } from '../support/node/process.mjs';
import { pngOf } from '../support/node/qr.mjs';
import { findProgram, startReverseProxy } from '../support/node/reverse_proxy.mjs';
import { startService } from '../support/node/service.mjs';
import { needsWs, openWebSocket } from '../support/node/web-socket.mjs';

const token = accountToken;

/** Stands in where a test must see what comes through: upgrades are echoed, event streams held open. */
async function startStandIn(t) {
  const streams = [];
  const upgrades = [];
  const server = http.createServer((request, answer) => {
    if (!/\/events$/.test(request.url.split('?')[0])) return answer.end('{}');
    answer.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    answer.flushHeaders();
    streams.push(answer);
    return undefined;
  });
  server.on('upgrade', (request, socket) => {
    upgrades.push(request);
    const accept = crypto.createHash('sha1').update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: server.address().port, streams, upgrades };
}

/** A proxy in front of a ponted, or with `standIn` of one whose second listener is that. */
async function startBehind(t, kind, env = {}) {
  const service = await startService(t, { env: { PONTE_TRUSTED_PROXIES: '127.0.0.1', ...env } });
  const standIn = await startStandIn(t);
  const proxy = await startReverseProxy(t, kind, { rest: Number(new URL(service.ponted.url).port), ws: standIn.port });
  return { service, proxy, standIn };
}

for (const kind of ['nginx', 'caddy']) {
  const skip = findProgram(kind) ? false : `no ${kind}: tools/setup.sh test`;

  test(`${kind}: an account is linked through it, whatever the answer waits for`, { skip }, async (t) => {
    const { service, proxy } = await startBehind(t, kind);
    const created = await proxy.request('POST', '/api/instance/new', { token, body: { name: 'sales' } });
    assert.equal(created.status, 201, JSON.stringify(created.body));
    const own = created.body.instance.token;
    const { status, body } = await proxy.request('GET', '/api/instance/connect/sales', { token: own });
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal(pngOf(body.qrCodeBase64).subarray(-8).toString('latin1'), 'IEND\xaeB`\x82', 'the picture came whole');
    await service.sim.scan(body.qrCode);
    await service.ponted.reached('sales', 'connected');
    const bearer = { authorization: `Bearer ${own}` };
    const list = await proxy.request('GET', '/api/instance/list', { headers: bearer });
    assert.equal(list.body.instances[0].connection.state, 'connected');
    assert.equal((await proxy.request('DELETE', '/api/instance/delete/sales', { token })).status, 200);
  });

  test(`${kind}: limits count by the client's address, and 429 passes with its headers`, { skip }, async (t) => {
    const { proxy } = await startBehind(t, kind, { PONTE_RATE_LIMIT: '5' });
    const guess = (from, headers) => proxy.request('GET', '/api/instance/list', { token: 'guess', from, headers });
    for (let i = 4; i >= 0; i--) {
      const { status, headers } = await guess('127.0.0.2');
      assert.equal(status, 401);
      assert.equal(headers['x-ratelimit-remaining'], String(i));
    }
    const over = await guess('127.0.0.2');
    assert.equal(over.status, 429);
    assert.equal(over.body.error.code, 'RATE_LIMITED');
    assert.ok(Number(over.headers['retry-after']) >= 1);
    assert.equal(over.headers['x-ratelimit-limit'], '5');
    assert.match(over.headers['x-ratelimit-reset'], /^\d+$/);
    assert.equal((await guess('127.0.0.2', { 'x-forwarded-for': '203.0.113.9' })).status, 429, 'a client cannot choose');
    assert.equal((await guess('127.0.0.3')).status, 401, 'another address has its own');
  });

  test(`${kind}: a large list comes whole, bodies up to the limit go, metrics stay inside`, { skip }, async (t) => {
    const { service, proxy } = await startBehind(t, kind);
    const callRejectMessage = 'x'.repeat(4000);
    for (let i = 0; i < 250; i++) await service.ponted.create(`instance-${i}`, { callRejectMessage });
    const list = await proxy.request('GET', '/api/instance/list', { token });
    assert.equal(list.status, 200);
    assert.equal(list.body.meta.total, 250);
    assert.ok(JSON.stringify(list.body).length > 1_000_000);
    const post = (size) => proxy.request('POST', '/api/instance/new', { token, body: `{"name":"b","x":"${'y'.repeat(size)}"}` });
    assert.equal((await post(1_000_000)).status, 201);
    const large = await post(1_500_000);
    assert.equal(large.status, 413);
    assert.equal(large.body.error.code, 'REQUEST_TOO_LARGE', 'in the form of Ponte');
    assert.equal((await service.ponted.request('GET', '/metrics')).status, 200);
    assert.equal((await proxy.request('GET', '/metrics', { token })).status, 404);
  });

  test(`${kind}: upgrades go to the second listener with the client's address, and bytes both ways`, { skip }, async (t) => {
    const { proxy, standIn } = await startBehind(t, kind);
    const headers = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' };
    const request = proxy.open('GET', '/ws/events?instance=sales', { token, headers, from: '127.0.0.2' });
    const [answer, socket] = await Promise.race([once(request, 'upgrade'), once(request, 'response')]);
    t.after(() => socket?.destroy());
    assert.equal(answer.statusCode, 101);
    assert.equal(answer.headers['sec-websocket-accept'], 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
    const [upgrade] = standIn.upgrades;
    assert.equal(upgrade.url, '/ws/events?instance=sales');
    assert.equal(upgrade.headers.token, token);
    assert.equal(upgrade.headers.host, 'ponte.example.com');
    assert.equal(upgrade.headers['x-forwarded-for'], '127.0.0.2');
    for (const word of ['first', 'second']) {
      socket.write(word);
      const [echo] = await once(socket, 'data');
      assert.equal(echo.toString(), word);
    }
  });

  test(`${kind}: a WebSocket pushes through it, and its token is in no log`, { skip: skip || needsWs().skip }, async (t) => {
    const service = await startService(t, { env: { PONTE_TRUSTED_PROXIES: '127.0.0.1' } });
    const rest = Number(new URL(service.ponted.url).port);
    const proxy = await startReverseProxy(t, kind, { rest, ws: rest + 1 });
    const made = await service.ponted.create('sales', { websocketEnabled: true, websocketEvents: ['instance.state'] });
    const own = made.body.instance.token;
    const url = `wss://127.0.0.1:${proxy.port}/ws/sales?token=`;
    const { servername, ca } = proxy.options();
    const options = { servername, ca, headers: { host: servername } };
    const refused = await openWebSocket(`${url}wrong-token`, options);
    assert.equal(refused.status, 401);
    assert.equal(refused.body.error.code, 'INVALID_TOKEN');
    const socket = await openWebSocket(url + own, options);
    t.after(() => socket.close());
    await service.pair('sales');
    const states = [];
    while (states.at(-1) !== 'connected') states.push((await socket.next(10)).data.state);
    assert.deepEqual(states.filter((state) => ['qr_ready', 'pair_success'].includes(state)), ['qr_ready', 'pair_success']);
    const said = await proxy.said();
    for (const secret of [own, 'wrong-token']) assert.ok(!said.includes(secret), said);
  });

  test(`${kind}: the events of an instance come while it is linked`, { skip }, async (t) => {
    const { service, proxy } = await startBehind(t, kind);
    await service.ponted.create('sales');
    const request = proxy.open('GET', '/v1/instances/sales/events', { token });
    const [answer] = await once(request, 'response');
    t.after(() => request.destroy());
    assert.equal(answer.headers['content-type'], 'text/event-stream');
    let came = '';
    answer.setEncoding('utf8').on('data', (text) => (came += text));
    await service.pair('sales');
    for (const state of ['qr_ready', 'pair_success', 'connected']) {
      await until(`${state} has come`, () => came.includes(`"state":"${state}"`), 10);
    }
    assert.equal((await scrape(service.ponted)).value('ponte_event_subscribers'), 1);
  });

  test(`${kind}: each event of a stream comes when it is sent`, { skip }, async (t) => {
    const standIn = await startStandIn(t);
    const proxy = await startReverseProxy(t, kind, { rest: standIn.port, ws: standIn.port });
    const request = proxy.open('GET', '/v1/instances/sales/events', { token });
    const [answer] = await once(request, 'response');
    t.after(() => request.destroy());
    assert.equal(answer.headers['content-type'], 'text/event-stream');
    const [stream] = standIn.streams;
    for (const event of ['data: one\n\n', 'data: two\n\n', 'data: three\n\n']) {
      stream.write(event);
      const [came] = await once(answer, 'data');
      assert.equal(came.toString(), event, 'the next one is sent only after this one has come');
    }
  });
}
