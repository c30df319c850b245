// GET /metrics on the running program: what happens is counted, under names and labels without end in sight.
import assert from 'node:assert/strict';
import test from 'node:test';
import { scrape } from '../support/node/metrics.mjs';
import { until } from '../support/node/process.mjs';
import { startReceiver, status } from '../support/node/receiver.mjs';
import { startService } from '../support/node/service.mjs';

test('/metrics is for the account token, unless PONTE_METRICS_OPEN says otherwise', async (t) => {
  const service = await startService(t);
  const { instance } = (await service.ponted.create('one')).body;
  for (const token of [null, 'wrong', instance.token]) {
    assert.equal((await service.ponted.request('GET', '/metrics', { token })).status, 401);
  }
  assert.equal((await scrape(service.ponted)).value('ponte_sessions', { state: 'disconnected' }), 1);
  await service.ponted.stop();
  await service.start({ ...service.env, PONTE_METRICS_OPEN: 'true' });
  assert.equal((await scrape(service.ponted, { token: null })).value('ponte_build_info'), 1);
});

test('linking, drops, refusals and logouts are counted', async (t) => {
  const service = await startService(t);
  const { ponted, sim } = service;
  const before = await scrape(ponted);
  assert.equal(before.find('ponte_session_last_stanza_age_seconds').length, 0, 'nothing is connected');
  await service.link('sales');
  let now = await scrape(ponted);
  assert.equal(now.value('ponte_sessions', { state: 'connected' }), 1);
  assert.equal(now.value('ponte_qr_issued_total'), 1);
  assert.equal(now.value('ponte_connect_seconds_count', { method: 'qr' }), 1);
  assert.equal(now.value('ponte_pair_total', { method: 'qr', result: 'success' }), 1);
  assert.equal(now.value('ponte_logins_total'), 1);
  const [age] = now.find('ponte_session_last_stanza_age_seconds');
  assert.ok(age.value >= 0 && age.value < 30, JSON.stringify(age));

  await ponted.create('code');
  const { body } = await ponted.connect('code', { query: '?number=5511912345678' });
  await sim.enterCode('5511912345678', body.pairingCode);
  await ponted.reached('code', 'connected');
  now = await scrape(ponted);
  assert.equal(now.value('ponte_pairing_codes_issued_total'), 1);
  assert.equal(now.value('ponte_connect_seconds_count', { method: 'pairing_code' }), 1);
  assert.equal(now.value('ponte_pair_total', { method: 'pairing_code', result: 'success' }), 1);

  await sim.admin('drop', {});
  await until('the connections that were dropped are tried again', async () => (await scrape(ponted)).value('ponte_reconnect_total') >= 2);
  for (const name of ['sales', 'code']) await ponted.reached(name, 'connected');

  await ponted.request('DELETE', '/api/instance/logout/sales');
  now = await scrape(ponted);
  assert.equal(now.value('ponte_logged_out_total', { cause: 'REQUESTED' }), 1);
  assert.equal(now.value('ponte_sessions', { state: 'loggedout' }), 1);
  assert.equal(now.value('ponte_sessions', { state: 'connected' }), 1);

  await sim.stop();
  await ponted.create('late');
  assert.equal((await ponted.connect('late')).status, 500);
  now = await scrape(ponted);
  assert.ok(now.value('ponte_dial_failures_total', { cause: 'CONNECTION_REFUSED' }) >= 1);
  assert.equal(now.value('ponte_pair_total', { method: 'qr', result: 'CONNECTION_REFUSED' }), 1);
});

test('deliveries of webhooks are counted, and what waits for one', async (t) => {
  const { ponted } = await startService(t, { env: { PONTE_ALLOW_PRIVATE_WEBHOOKS: 'true' } });
  const receiver = await startReceiver(t, status(503));
  await ponted.create('sales', { webhookEnabled: true, webhookURL: receiver.url });
  assert.equal((await ponted.connect('sales')).status, 200);
  const outcome = (of, name) => of.value('ponte_webhook_deliveries_total', { outcome: name });
  let now;
  await until('a try that failed is counted', async () => outcome((now = await scrape(ponted)), 'retry') >= 1);
  assert.equal(outcome(now, 'delivered'), 0);
  assert.ok(now.value('ponte_webhook_queue_depth') >= 1, 'it waits');
  receiver.answer = status(410);
  await until('it is a dead letter', async () => outcome((now = await scrape(ponted)), 'disabled') === 1);
  assert.equal(now.value('ponte_webhook_dead_letters'), 1);
  assert.equal(now.value('ponte_webhook_queue_depth'), 0, 'for a disabled one nothing waits');
  assert.equal(now.value('ponte_webhook_delivery_seconds_count'), outcome(now, 'retry') + 1);
  await ponted.remove('sales');
  assert.equal((await scrape(ponted)).value('ponte_webhook_dead_letters'), 0, 'they go with their instance');
});

test('names are standard, figures of the process are there, nothing is counted by instance', async (t) => {
  const service = await startService(t, { env: { PONTE_RATE_LIMIT: '5' } });
  const { ponted } = service;
  for (let i = 0; i < 4; i++) await ponted.create(`instance-${i}`);
  for (let i = 0; i < 8; i++) await ponted.request('GET', `/api/instance/list?instanceName=instance-${i}`);
  await ponted.request('GET', '/nowhere/at/all', { token: null });
  const now = await scrape(ponted);
  const lines = now.samples.map(({ name, labels }) => JSON.stringify([name, labels]));
  assert.equal(new Set(lines).size, lines.length, 'each series comes once');
  for (const { name, labels } of now.samples) {
    assert.match(name, /^(ponte|process)_[a-z_]+$/);
    for (const value of Object.values(labels)) assert.ok(!value.includes('instance-'), `${name} names an instance`);
  }
  for (const [name, type] of Object.entries(now.types)) {
    assert.equal(name.endsWith('_total'), type === 'counter', `${name} is a ${type}`);
  }
  assert.equal(now.value('ponte_http_requests_total', { route: '/api/instance/list', method: 'GET', status: '2xx' }), 4);
  assert.equal(now.value('ponte_http_requests_total', { route: '/api/instance/list', status: '4xx' }), 4, '404 once, then 429');
  assert.equal(now.value('ponte_http_request_duration_seconds_count', { route: '/api/instance/list' }), 8);
  assert.equal(now.value('ponte_http_rate_limited_total', { by: 'token' }), 3);
  assert.equal(now.value('ponte_http_requests_total', { route: 'unmatched', status: '4xx' }), 1);
  assert.equal(now.value('ponte_store_up'), 1);
  assert.equal(now.value('ponte_store_write_failures_total'), 0);
  assert.equal(now.value('ponte_worker_queue_depth'), 0);
  assert.ok(now.value('ponte_http_connections') >= 1);
  assert.ok(now.value('process_resident_memory_bytes') > 1e6);
  assert.ok(now.value('process_cpu_seconds_total') > 0);
  assert.ok(now.value('process_open_fds') > 3 && now.value('process_open_fds') < now.value('process_max_fds'));
  const age = Date.now() / 1000 - now.value('process_start_time_seconds');
  assert.ok(age >= 0 && age < 60, `started ${age} s ago`);
});
