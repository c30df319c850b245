// GET /health?verbose on the running program: every part, for the account token.
import assert from 'node:assert/strict';
import http from 'node:http';
import test from 'node:test';
import { until } from '../support/node/process.mjs';
import { startService } from '../support/node/service.mjs';

const look = (ponted, options) => ponted.request('GET', '/health?verbose', options);

test('every part is shown, to the account token only', async (t) => {
  const service = await startService(t, { env: { PONTE_LOOPS: '3' } });
  const { ponted } = service;
  await service.link('sales');
  const { token } = (await ponted.create('idle')).body.instance;
  for (const wrong of [null, 'wrong', token]) assert.equal((await look(ponted, { token: wrong })).status, 401);
  const { status, body } = await look(ponted);
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal(body.status, 'ok');
  assert.deepEqual(body.checks, { db: 'ok', loops: 'ok', workers: 'ok', clientVersion: 'ok', audit: 'ok' });
  assert.match(body.version, /^\d+\.\d+\.\d+$/);
  assert.deepEqual(body.details.loops.map(({ name }) => name), ['loop-0', 'loop-1', 'loop-2']);
  for (const { respondedInMs } of [...body.details.loops, body.details.workers]) assert.ok(respondedInMs >= 0 && respondedInMs <= 1000);
  assert.equal(body.details.instances.connected, 1);
  assert.equal(body.details.instances.disconnected, 1);
  assert.match(body.details.clientVersion.version, /^2\.3000\.\d+$/);
  assert.equal(body.details.clientVersion.fetchedAt, null, 'nothing was fetched');
  assert.ok(body.details.connections >= 1);

  const plain = await ponted.request('GET', '/health', { token: null });
  assert.deepEqual(Object.keys(plain.body), ['status', 'service', 'uptime', 'timestamp', 'checks']);
  assert.deepEqual(plain.body.checks, { db: 'ok' });
  await Promise.all(Array.from({ length: 50 }, async () => assert.equal((await look(ponted)).status, 200)));
});

test('the look for a newer client version is told, with its age or what was wrong', async (t) => {
  let page = 'nothing to read';
  const server = http.createServer((request, answer) => answer.end(page));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const env = { PONTE_WHATSAPP_VERSION_URL: `http://127.0.0.1:${server.address().port}/` };
  const service = await startService(t, { env });
  await service.link('sales');
  const failed = await until('the look has failed', async () => {
    const { status, body } = await look(service.ponted);
    assert.equal(status, 200, 'that is no reason to be degraded');
    return body.details.clientVersion.lastError && body;
  });
  assert.match(failed.details.clientVersion.lastError, /names no client_revision/);
  assert.match(failed.checks.clientVersion, /^fail: /);
  page = '"client_revision":1099999999,';
  await service.restart();
  const seen = await until('the look has succeeded', async () => {
    const { body } = await look(service.ponted);
    return body.details.clientVersion.fetchedAt && body;
  });
  assert.equal(seen.checks.clientVersion, 'ok');
  assert.equal(seen.details.clientVersion.version, '2.3000.1099999999');
  assert.ok(seen.details.clientVersion.ageSeconds >= 0 && seen.details.clientVersion.ageSeconds < 60);
});
