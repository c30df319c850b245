// Webhooks of the running program, with receivers of our own and a foreign library that checks the signatures.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import test from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../support/node/process.mjs';
import { never, startReceiver, status } from '../support/node/receiver.mjs';
import { startService } from '../support/node/service.mjs';

const library = await import('standardwebhooks').catch(() => null);
const allowed = { PONTE_ALLOW_PRIVATE_WEBHOOKS: 'true', PONTE_PUBLIC_URL: 'https://ponte.example' };
const start = (t, env = allowed) => startService(t, { env });

const configure = (ponted, name, body, options = {}) =>
  ponted.request('POST', `/api/events/webhook/${name}`, { body: { enabled: true, ...body }, ...options });
const v1 = (ponted, method, name, path = '', body) =>
  ponted.request(method, `/v1/instances/${name}/webhooks${path}`, { body });
const statusOf = async (ponted, name) => (await v1(ponted, 'GET', name)).body.webhooks[0];

/** Runs `change`, which ends with the instance connected, until its `events` are in the journal: the list is first. */
async function changing(service, name, events, change) {
  const sequence = async () => (await service.ponted.request('GET', `/v1/instances/${name}`)).body.state.sequence;
  const before = await sequence();
  await change();
  await service.ponted.reached(name, 'connected');
  await until('its events are there', async () => (await sequence()) >= before + events);
}

/** Something happens to a linked instance: a reconnect, which ends in `connected`. */
const happen = (service, name) =>
  changing(service, name, 2, async () => {
    assert.equal((await service.ponted.request('POST', `/api/instance/reconnect/${name}`)).status, 200);
  });

/** Everything up to the newest event has come, in order, nothing is missing, and what came twice had the same id. */
async function assertComplete({ ponted }, name, receiver, seconds = 60) {
  await until(`${name} has delivered all`, async () => (await statusOf(ponted, name)).pending === 0, seconds);
  const got = receiver.sequences();
  assert.ok(got.length > 0);
  assert.deepEqual(got, got.map((_, index) => got[0] + index), 'in order, without a gap');
  const ids = new Map();
  for (const { sequence, id } of receiver.deliveries) {
    assert.equal(ids.get(sequence) ?? id, id, `event ${sequence}`);
    ids.set(sequence, id);
  }
  assert.equal(new Set(ids.values()).size, ids.size);
  return got;
}

/** What it wrote to its log has none of these. */
function assertUnlogged(ponted, secrets) {
  const output = ponted.process.output();
  for (const secret of secrets) assert.ok(!output.includes(secret), `"${secret}" was logged`);
}

test('events come in order, signed, with what the contract prescribes', async (t) => {
  const service = await start(t, { ...allowed, PONTE_LOG: 'trace' });
  const receiver = await startReceiver(t);
  const made = await service.ponted.create('sales', {
    webhookEnabled: true, webhookURL: `${receiver.url}?key=hunter2-in-the-url`, webhookAuthorization: 'Basic hunter2-verbatim==',
  });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const { token, webhook } = made.body.instance;
  assert.match(webhook.secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
  await service.pair('sales');
  await receiver.until('connected', () => receiver.states().includes('connected'));
  assert.equal((await assertComplete(service, 'sales', receiver))[0], 1, 'from the first event on');
  const states = receiver.states();
  for (const [first, second] of [['qr_ready', 'pair_success'], ['pair_success', 'connected']])
    assert.ok(states.indexOf(first) >= 0 && states.indexOf(first) < states.indexOf(second), states.join());
  for (const { method, url, headers, json } of receiver.deliveries) {
    assert.equal(method, 'POST');
    assert.equal(url, '/hook?key=hunter2-in-the-url');
    assert.equal(headers['content-type'], 'application/json');
    assert.match(headers['user-agent'], /^Ponte\/\d+\.\d+\.\d+/);
    assert.equal(headers.authorization, 'Basic hunter2-verbatim==');
    assert.deepEqual(Object.keys(json), ['event', 'data', 'instanceData']);
    assert.equal(json.event, 'instance.state');
    assert.deepEqual(json.instanceData, { baseUrl: 'https://ponte.example', instance: 'sales', token });
  }
  assertUnlogged(service.ponted, ['hunter2', webhook.secret, webhook.secret.slice(6), token, receiver.deliveries[0].headers['webhook-signature']]);
  await service.restart('SIGKILL');
  const { body } = await service.ponted.request('GET', '/api/events/getWebhook/sales?label=');
  assert.equal(body.webhook.authorization, 'Basic hunter2-verbatim==');
  assert.equal(body.webhook.secret, undefined, 'shown once');
});

test('a foreign library takes the signatures, both of a rotation, and nothing that was changed', { skip: !library && 'no standardwebhooks: tools/setup.sh' }, async (t) => {
  const service = await start(t);
  const receiver = await startReceiver(t);
  await service.link('sales');
  const first = (await configure(service.ponted, 'sales', { url: receiver.url })).body.webhook.secret;
  await happen(service, 'sales');
  await assertComplete(service, 'sales', receiver);
  for (const { body, headers } of receiver.deliveries) {
    assert.deepEqual(new library.Webhook(first).verify(body, headers), JSON.parse(body));
    const other = { ...headers, 'webhook-id': 'msg_other' };
    assert.throws(() => new library.Webhook(first).verify(body, other));
    assert.throws(() => new library.Webhook(first).verify(`${body} `, headers));
  }
  const before = receiver.deliveries.length;
  const second = (await service.ponted.request('POST', '/api/events/webhook/sales', { body: { rotateSecret: true } })).body.webhook.secret;
  assert.notEqual(second, first);
  await happen(service, 'sales');
  await assertComplete(service, 'sales', receiver);
  assert.ok(receiver.deliveries.length > before);
  for (const { body, headers } of receiver.deliveries.slice(before))
    for (const secret of [first, second]) new library.Webhook(secret).verify(body, headers);
});

test('byEvents, events and PONTE_EVENT_TOKEN', async (t) => {
  const service = await start(t, { ...allowed, PONTE_EVENT_TOKEN: 'omit' });
  const [byEvents, none] = [await startReceiver(t), await startReceiver(t)];
  await service.link('sales');
  await configure(service.ponted, 'sales', { label: 'a', url: `${byEvents.url}/?k=v`, byEvents: true, events: ['instance.state'] });
  await configure(service.ponted, 'sales', { label: 'b', url: none.url, events: ['message.exchange', 'call.update'] });
  await happen(service, 'sales');
  await byEvents.until('connected', () => byEvents.states().includes('connected'));
  for (const { url, json } of byEvents.deliveries) {
    assert.equal(url, '/hook/instance.state?k=v');
    assert.equal(json.instanceData.token, undefined);
  }
  assert.equal(none.deliveries.length, 0);
});

test('a slow receiver, one that never answers, one that hangs up and one that is not there delay nobody else', async (t) => {
  const service = await start(t);
  const receiver = await startReceiver(t);
  const slow = await startReceiver(t, (_, response) => setTimeout(() => response.end(), 5000));
  const dead = await startReceiver(t, never);
  const rude = await startReceiver(t, (_, response) => response.destroy());
  await service.link('sales');
  for (const name of ['one', 'two', 'three', 'four', 'five']) {
    await service.ponted.create(name);
    for (const [label, url] of [['slow', slow.url], ['dead', dead.url], ['rude', rude.url]])
      await configure(service.ponted, name, { label, url });
    await service.ponted.connect(name);
  }
  await configure(service.ponted, 'sales', { url: receiver.url });
  await configure(service.ponted, 'sales', { label: 'dead', url: dead.url });
  await configure(service.ponted, 'sales', { label: 'absent', url: 'http://127.0.0.1:9/' });
  for (let i = 0; i < 5; i++) {
    const before = receiver.deliveries.length;
    await happen(service, 'sales');
    await receiver.until('connected', (all) => all.slice(before).some(({ json }) => json.data.state === 'connected'), 4);
  }
  const all = (await v1(service.ponted, 'GET', 'sales')).body.webhooks;
  assert.deepEqual(all.map(({ label }) => label), ['absent', 'dead', 'default']);
  assert.ok(all[0].failures > 0 && Date.parse(all[0].nextTryAt) > 0);
  const begun = Date.now();
  await service.ponted.stop('SIGTERM');
  assert.ok(Date.now() - begun < 10_000, 'nor the end of the program');
});

test('an answer of 10 GB counts by its status and costs no memory', async (t) => {
  const service = await start(t);
  const piece = Buffer.alloc(1 << 20, 'x');
  const large = await startReceiver(t, (_, response) => {
    response.writeHead(200, { 'content-length': 10 * 1024 ** 3 });
    const more = () => { while (!response.destroyed && response.write(piece)); };
    response.on('drain', more);
    more();
  });
  await service.link('sales');
  await configure(service.ponted, 'sales', { url: large.url });
  const memory = async () => Number((await readFile(`/proc/${service.ponted.process.child.pid}/status`, 'utf8')).match(/VmRSS:\s+(\d+)/)[1]);
  const before = await memory();
  for (let i = 0; i < 3; i++) await happen(service, 'sales');
  await assertComplete(service, 'sales', large);
  assert.equal(new Set(large.deliveries.map(({ id }) => id)).size, large.deliveries.length, 'each once');
  assert.ok(await memory() - before < 512 * 1024, `${before} KiB, then ${await memory()} KiB`);
});

test('refused events become dead letters, and go out again when asked', async (t) => {
  const service = await start(t);
  let poisoned;
  const receiver = await startReceiver(t, (delivery, response) => {
    poisoned ??= delivery.id;
    response.writeHead(delivery.id === poisoned ? 404 : 200).end();
  });
  await service.link('sales');
  await configure(service.ponted, 'sales', { url: receiver.url });
  await happen(service, 'sales');
  await until('a dead letter', async () => (await statusOf(service.ponted, 'sales')).deadLetters === 1, 30);
  await until('the rest', async () => (await statusOf(service.ponted, 'sales')).pending === 0);
  assert.equal(receiver.deliveries.filter(({ id }) => id === poisoned).length, 3);
  await service.restart('SIGKILL');
  const { ponted } = service;
  const letters = (await v1(ponted, 'GET', 'sales', '/dead-letters')).body;
  assert.equal(letters.meta.total, 1);
  assert.equal(letters.deadLetters[0].status, 404);
  assert.equal(letters.deadLetters[0].attempts, 3);
  receiver.answer = status(200);
  assert.equal((await v1(ponted, 'POST', 'sales', '/redrive', {})).body.redriven, 1);
  await receiver.until('it', (all) => all.filter(({ id }) => id === poisoned).length === 4);
  await until('none is left', async () => (await statusOf(ponted, 'sales')).deadLetters === 0);
  const { attempts } = (await v1(ponted, 'GET', 'sales', '/attempts')).body;
  assert.equal(attempts.filter(({ outcome }) => outcome === 'retry').length, 2);
  assert.equal(attempts.filter(({ outcome }) => outcome === 'dead_letter').length, 1);
});

test('410 disables; a redirect is not followed; a test says what came of it', async (t) => {
  const service = await start(t);
  const { ponted } = service;
  const elsewhere = await startReceiver(t);
  const receiver = await startReceiver(t, status(302, { location: elsewhere.url }));
  await service.link('sales');
  await configure(ponted, 'sales', { url: receiver.url });
  const redirected = (await v1(ponted, 'POST', 'sales', '/test')).body;
  assert.equal(redirected.delivered, false, JSON.stringify(redirected));
  assert.equal(redirected.attempt.status, 302);
  receiver.answer = status(200);
  assert.equal((await v1(ponted, 'POST', 'sales', '/test', {})).body.delivered, true);
  assert.equal(receiver.deliveries.at(-1).json.event, 'webhook.test');
  receiver.answer = status(410);
  await happen(service, 'sales');
  const disabled = async () => (await ponted.request('GET', '/api/events/getWebhook/sales?label=')).body.webhook;
  await until('it is disabled', async () => !(await disabled()).enabled);
  assert.match((await disabled()).disabledReason, /410/);
  const { length } = receiver.deliveries;
  await happen(service, 'sales');
  assert.equal(receiver.deliveries.length, length);
  assert.equal(elsewhere.deliveries.length, 0);
});

test('private targets are refused by what is written and by where names lead', async (t) => {
  const service = await start(t, {});
  const { ponted } = service;
  const receiver = await startReceiver(t);
  await service.link('sales');
  for (const host of ['127.0.0.1', '127.1', '2130706433', '0x7f000001', '0.0.0.0', '10.0.0.1', '172.16.0.1', '192.168.1.1',
    '169.254.169.254', '100.64.0.1', '224.0.0.1', '[::1]', '[::ffff:127.0.0.1]', '[fe80::1]', '[fd00::1]', 'localhost', 'x.localhost']) {
    const answer = await configure(ponted, 'sales', { url: `http://${host}:${receiver.port}/` });
    assert.equal(answer.status, 400, host);
    assert.equal(answer.body.error.message, 'Invalid webhook configuration');
    assert.match(answer.body.error.details, /^url: /);
  }
  // The machine's own name is in its hosts file, or in nobody's: in neither case a public address.
  assert.equal((await configure(ponted, 'sales', { url: `http://${os.hostname()}:${receiver.port}/` })).status, 200);
  const tested = (await v1(ponted, 'POST', 'sales', '/test')).body;
  assert.equal(tested.delivered, false);
  assert.match(tested.attempt.cause, /^(TARGET_NOT_ALLOWED|HTTP_FAILED)$/, JSON.stringify(tested));
  await happen(service, 'sales');
  await until('it is refused', async () => (await statusOf(ponted, 'sales')).failures > 0);
  assert.equal(receiver.deliveries.length, 0);
});

test('a logout is told, and takes no webhook along', async (t) => {
  const service = await start(t);
  const receiver = await startReceiver(t);
  await service.link('sales');
  await configure(service.ponted, 'sales', { url: receiver.url });
  assert.equal((await service.ponted.request('DELETE', '/api/instance/logout/sales')).status, 200);
  await receiver.until('the logout', () => receiver.states().includes('logged_out'));
  await service.restart('SIGKILL');
  await service.pair('sales');
  await receiver.until('connected', () => receiver.states().includes('connected'));
  await assertComplete(service, 'sales', receiver);
});

test('an instance that is deleted takes its webhooks along', async (t) => {
  const service = await start(t);
  const receiver = await startReceiver(t, never);
  await service.link('sales');
  await configure(service.ponted, 'sales', { url: receiver.url });
  await happen(service, 'sales');
  await receiver.until('an event', (all) => all.length > 0);
  assert.equal((await service.ponted.remove('sales')).status, 200);
  await service.restart('SIGKILL');
  await service.ponted.create('sales');
  assert.deepEqual((await service.ponted.request('GET', '/api/events/getWebhook/sales')).body.webhooks, []);
});

// ---- kill -9 ----

test('killed while a receiver has the event and has not answered: it comes again with the same id', async (t) => {
  const service = await start(t);
  const receiver = await startReceiver(t, never);
  await service.link('sales');
  await configure(service.ponted, 'sales', { url: receiver.url });
  await happen(service, 'sales');
  await receiver.until('the first', (all) => all.length === 1);
  await service.ponted.stop('SIGKILL');
  receiver.answer = status(200);
  await service.start();
  await service.ponted.reached('sales', 'connected');
  await assertComplete(service, 'sales', receiver);
  const [first, again] = receiver.deliveries;
  assert.equal(again.id, first.id);
  assert.equal(again.body, first.body);
});

test('killed the moment a receiver has answered: what is not written yet comes again, with the same id', async (t) => {
  const service = await start(t);
  const receiver = await startReceiver(t);
  await service.link('sales');
  await configure(service.ponted, 'sales', { url: receiver.url });
  for (let round = 0; round < 10; round++) {
    // The answer is on its way when the signal is; which of them arrives first is chance.
    receiver.answer = (_, response) => {
      receiver.answer = status(200);
      response.end();
      service.ponted.process.child.kill('SIGKILL');
    };
    await service.ponted.request('POST', '/api/instance/reconnect/sales').catch(() => undefined);
    await service.ponted.process.exited;
    await service.start();
    await service.ponted.reached('sales', 'connected');
  }
  const got = await assertComplete(service, 'sales', receiver);
  assert.ok(receiver.deliveries.length <= got.length + 10, 'a kill repeats one event at most');
});

test('killed while the receiver is away: everything comes, in order, once it is back', async (t) => {
  const service = await start(t);
  const receiver = await startReceiver(t);
  await service.link('sales');
  await configure(service.ponted, 'sales', { url: receiver.url });
  await receiver.close();
  await happen(service, 'sales');
  await changing(service, 'sales', 1, () => service.restart('SIGKILL'));
  await happen(service, 'sales');
  await changing(service, 'sales', 1, () => service.restart('SIGKILL'));
  const { failures } = await statusOf(service.ponted, 'sales');
  assert.ok(failures > 0, 'the tries outlive the process');
  await receiver.listen();
  // A test that succeeds frees what waits for its time.
  assert.equal((await v1(service.ponted, 'POST', 'sales', '/test')).body.delivered, true);
  receiver.deliveries = receiver.deliveries.filter(({ sequence }) => sequence > 0);
  await assertComplete(service, 'sales', receiver);
  assert.ok(receiver.sequences().length >= 6, receiver.states().join());
});

test('killed at random: nothing is lost, the order is kept, what comes twice has the same id', { timeout: 10 * 60_000 }, async (t) => {
  const seed = Number(process.env.PONTE_KILL_SEED ?? Date.now() % 2 ** 32);
  t.diagnostic(`PONTE_KILL_SEED=${seed}`);
  let state = seed >>> 0;
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  const service = await start(t);
  let taken = 0;
  const take = (_, response) => (taken++, response.end());
  const receiver = await startReceiver(t, (_, response) => {
    const kind = random();
    if (kind < 0.15) return response.destroy();
    if (kind < 0.3) return response.writeHead(503).end();
    setTimeout(() => take(_, response), random() * 30);
  });
  await service.link('sales');
  await configure(service.ponted, 'sales', { url: receiver.url });
  const rounds = Number(process.env.PONTE_WEBHOOK_KILLS ?? 25);
  for (let round = 0; round < rounds; round++) {
    const reconnecting = service.ponted.request('POST', '/api/instance/reconnect/sales').catch(() => undefined);
    await pause(random() * 150);
    await service.ponted.stop('SIGKILL');
    await reconnecting;
    await service.start();
  }
  receiver.answer = take;
  await v1(service.ponted, 'POST', 'sales', '/test');
  await service.ponted.reached('sales', 'connected');
  receiver.deliveries = receiver.deliveries.filter(({ sequence }) => sequence > 0);
  const got = await assertComplete(service, 'sales', receiver);
  t.diagnostic(`${got.length} events, ${receiver.deliveries.length} deliveries, ${taken - 1} taken`);
  assert.ok(got.length > rounds);
  assert.ok(taken - 1 <= got.length + rounds, 'a kill repeats one event at most');
});
