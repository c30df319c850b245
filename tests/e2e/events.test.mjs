// What happens to an instance, as a client that follows it sees it: Server-Sent Events, tickets, long polls.
import assert from 'node:assert/strict';
import test from 'node:test';
import { openEvents } from '../support/node/event-stream.mjs';
import { accountToken } from '../support/node/ponted.mjs';
import { startService } from '../support/node/service.mjs';

const events = (name) => `/v1/instances/${name}/events`;
const instance = (ponted, name, query = '', options) => ponted.request('GET', `/v1/instances/${name}${query}`, options);

async function open(t, ponted, target, options = {}) {
  const stream = await openEvents(ponted, target, { token: accountToken, ...options });
  if (stream.close) t.after(() => stream.close());
  return stream;
}

test('a client that follows a link sees each step, in order and once', async (t) => {
  const service = await startService(t, { env: { PONTE_PUBLIC_URL: 'https://ponte.example' } });
  const { sim, ponted } = service;
  await ponted.create('seen');
  const { token } = await ponted.instance('seen');
  const stream = await open(t, ponted, events('seen'), { token });
  assert.equal(stream.headers.get('content-type'), 'text/event-stream');
  assert.equal(stream.headers.get('cache-control'), 'no-store');
  const { body } = await ponted.connect('seen');
  const first = await stream.next();
  assert.deepEqual([first.id, first.event, first.data.event], [1, 'instance.state', 'instance.state']);
  assert.equal(first.data.data.state, 'qr_ready');
  assert.deepEqual(first.data.data.codes, [body.qrCode]);
  assert.deepEqual(first.data.instanceData, { baseUrl: 'https://ponte.example', instance: 'seen', token });
  await sim.scan(body.qrCode);
  assert.equal((await stream.next()).data.data.state, 'pair_success');
  const online = await stream.next();
  assert.equal(online.data.data.state, 'connected');
  assert.equal(online.id, 3);
  assert.match(online.data.data.jid, /^\d+@s\.whatsapp\.net$/);
});

test('a client that was away goes on where it was, also over a crash', async (t) => {
  const service = await startService(t);
  await service.link('away');
  const stream = await open(t, service.ponted, events('away'), { lastEventId: 0 });
  const seen = [await stream.next(), await stream.next(), await stream.next()];
  assert.deepEqual(seen.map(({ data }) => data.data.state), ['qr_ready', 'pair_success', 'connected']);
  await stream.close();
  await service.sim.admin('stream-error', { conflict: 'replaced' });
  await service.ponted.reached('away', 'disconnected');
  await service.restart('SIGKILL');
  const again = await open(t, service.ponted, events('away'), { lastEventId: 3 });
  const next = await again.next();
  assert.deepEqual([next.id, next.data.data.state], [4, 'stream_replaced']);
  assert.equal(next.data.data.reason.code, 'STREAM_REPLACED');
  const byQuery = await open(t, service.ponted, `${events('away')}?lastEventId=3`);
  assert.equal((await byQuery.next()).id, 4);
});

test('without a place to go on from, only what happens from now on is told', async (t) => {
  const service = await startService(t);
  await service.link('now');
  const stream = await open(t, service.ponted, events('now'));
  await service.ponted.request('POST', '/api/instance/reconnect/now');
  assert.equal((await stream.next()).data.data.state, 'manual_reconnect');
});

test('a removed instance ends its streams, and so does the end of the service', async (t) => {
  const service = await startService(t);
  for (const name of ['gone', 'left']) await service.ponted.create(name);
  const gone = await open(t, service.ponted, events('gone'));
  const left = await open(t, service.ponted, events('left'));
  await service.ponted.remove('gone');
  await gone.end();
  await service.ponted.stop();
  await left.end();
});

test('tokens, names and parameters of event streams are checked', async (t) => {
  const { ponted } = await startService(t);
  const own = (await ponted.create('own')).body.instance.token;
  await ponted.create('other');
  const status = async (target, options) => (await open(t, ponted, target, options)).status;
  assert.equal(await status(events('own'), { token: undefined }), 401);
  assert.equal(await status(events('other'), { token: own }), 401);
  assert.equal(await status(`${events('own')}?token=${own}`, { token: undefined }), 401, 'no token in a URL');
  assert.equal(await status(events('nobody')), 404);
  for (const lastEventId of ['x', '-1', '1.5', '99999999999999999999']) {
    const refused = await open(t, ponted, events('own'), { lastEventId });
    assert.equal(refused.status, 400, lastEventId);
    assert.match(JSON.stringify(refused.body.error.details), /Last-Event-ID/);
  }
  const refused = await open(t, ponted, `${events('own')}?events=instance.state,nonsense`);
  assert.equal(refused.status, 400);
  assert.match(JSON.stringify(refused.body.error.details), /events: no event is called nonsense/);
});

test('an event filter passes what it names', async (t) => {
  const { ponted } = await startService(t);
  await ponted.create('filtered');
  const other = await open(t, ponted, `${events('filtered')}?events=message.exchange,call.update`);
  const state = await open(t, ponted, `${events('filtered')}?events=instance.state`);
  await ponted.connect('filtered');
  assert.equal((await state.next()).data.data.state, 'qr_ready');
  await assert.rejects(other.next(1), /no "event" within 1 s/);
});

test('a ticket opens one stream, once, for its instance alone', async (t) => {
  const { ponted } = await startService(t);
  const own = (await ponted.create('own')).body.instance.token;
  await ponted.create('other');
  const issue = async (body, options) => (await ponted.request('POST', '/v1/tickets', { body, ...options })).body;
  const { ticket, expiresIn } = await issue(undefined, { token: own });
  assert.equal(expiresIn, 30);
  const target = `${events('own')}?ticket=${ticket}`;
  const stream = await open(t, ponted, target, { token: undefined });
  assert.equal(stream.status, 200);
  assert.equal((await open(t, ponted, target, { token: undefined })).status, 401, 'used up');
  const foreign = await issue(undefined, { token: own });
  const elsewhere = await open(t, ponted, `${events('other')}?ticket=${foreign.ticket}`, { token: undefined });
  assert.equal(elsewhere.status, 401);
  const narrow = await issue({ instance: 'other' });
  assert.equal((await open(t, ponted, `${events('own')}?ticket=${narrow.ticket}`, { token: undefined })).status, 401);
  const useless = await issue(undefined);
  const list = await ponted.request('GET', `/api/instance/list?ticket=${useless.ticket}`, { token: null });
  assert.equal(list.status, 401, 'only what a browser cannot send a header to takes one');
  const refused = await ponted.request('POST', '/v1/tickets', { token: own, body: { instance: 'other' } });
  assert.equal(refused.status, 404);
});

test('a long poll answers when something happens, or when its time is over', async (t) => {
  const service = await startService(t);
  const { ponted } = service;
  await service.link('polled');
  const now = await instance(ponted, 'polled');
  assert.equal(now.status, 200, JSON.stringify(now.body));
  const { state } = now.body;
  assert.deepEqual([state.state, state.sequence, state.reason, state.restriction, state.attempt],
    ['connected', 3, null, null, null]);
  assert.ok(Math.abs(Date.parse(state.lastStanzaAt) - Date.now()) < 60_000);
  assert.equal(now.body.instance.name, 'polled');

  const behind = await instance(ponted, 'polled', '?wait=30&since=2');
  assert.equal(behind.body.state.sequence, 3, 'it has happened already');
  const waiting = instance(ponted, 'polled', '?wait=30&since=3');
  let answered = false;
  waiting.then(() => (answered = true));
  assert.equal((await instance(ponted, 'polled', '?wait=1&since=3')).body.state.sequence, 3, 'a second later');
  assert.equal(answered, false);
  await service.sim.admin('stream-error', { conflict: 'replaced' });
  const { body } = await waiting;
  assert.equal(body.state.sequence, 4);
  assert.deepEqual([body.state.state, body.state.reason.code], ['disconnected', 'STREAM_REPLACED']);

  for (const query of ['?wait=61', '?wait=x', '?since=-1', '?wait=1.5']) {
    const refused = await instance(ponted, 'polled', query);
    assert.equal(refused.status, 400, query);
    assert.match(JSON.stringify(refused.body.error.details), /(wait|since): expected a whole number from 0 to/);
  }
});
