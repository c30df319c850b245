// The audit log of the running program: every change is there before its answer, secrets are not.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { accountToken, runPonted, startPonted, temporaryFolder } from '../support/node/ponted.mjs';
import { prepareService, Service, startService } from '../support/node/service.mjs';

const file = (dataDir) => path.join(dataDir, 'audit.log');
const lines = async (dataDir) => (await readFile(file(dataDir), 'utf8')).split('\n').filter((line) => line !== '');
const records = async (dataDir) => (await lines(dataDir)).map((line) => JSON.parse(line));

test('each change is one line that says who, what, on what, and what came of it', async (t) => {
  const service = await startService(t);
  const { ponted, dataDir } = service;
  const secrets = { token: 'instance-token-0123456789', password: 'proxy-password-01234', reject: 'call me back later' };
  await ponted.create('sales', { token: secrets.token, autoRejectCalls: true });
  await service.pair('sales');
  const { body } = await ponted.connect('sales');
  assert.equal(body.status, 'connected');
  const own = { token: secrets.token, headers: { 'x-request-id': 'mine-42' } };
  const settings = await ponted.request('POST', '/api/instance/settings/sales', { ...own, body: { callRejectMessage: secrets.reject } });
  assert.equal(settings.headers.get('x-request-id'), 'mine-42');
  const proxy = { enabled: true, protocol: 'http', host: '198.51.100.7', port: '8080', username: 'u', password: secrets.password };
  assert.equal((await ponted.request('POST', '/api/instance/proxy/sales', { body: proxy })).status, 200);
  await ponted.request('POST', '/api/instance/proxy/sales', { body: { enabled: false } });
  await ponted.request('POST', '/api/instance/reconnect/sales', own);
  await ponted.reached('sales', 'connected');
  await ponted.request('DELETE', '/api/instance/logout/sales', own);
  assert.equal((await ponted.create('sales')).status, 409);
  await ponted.remove('sales');
  assert.equal((await ponted.remove('sales', { token: 'guessed' })).status, 401);

  const all = await records(dataDir);
  const short = all.map(({ actor, action, instance, status, result }) => `${actor} ${action} ${instance} ${status} ${result}`);
  assert.deepEqual(short, [
    'account instance.create sales 201 OK',
    'account instance.connect sales 200 OK',
    'account instance.connect sales 200 OK',
    'instance:sales instance.settings sales 200 OK',
    'account instance.proxy sales 200 OK',
    'account instance.proxy sales 200 OK',
    'instance:sales instance.reconnect sales 200 OK',
    'instance:sales instance.logout sales 200 OK',
    'account instance.create sales 409 INSTANCE_EXISTS',
    'account instance.delete sales 200 OK',
  ]);
  assert.deepEqual(all[0].changed, ['name', 'token', 'autoRejectCalls']);
  assert.deepEqual(all[3].changed, ['callRejectMessage']);
  assert.equal(all[3].requestId, 'mine-42');
  assert.deepEqual(all[4].changed, ['enabled', 'protocol', 'host', 'port', 'username', 'password']);
  for (const { client, time } of all) {
    assert.equal(client, '127.0.0.1');
    assert.ok(Math.abs(Date.now() - Date.parse(time)) < 60_000, time);
  }
  const text = await readFile(file(dataDir), 'utf8');
  for (const secret of [...Object.values(secrets), accountToken, '198.51.100.7']) assert.ok(!text.includes(secret), secret);
  assert.equal((await stat(file(dataDir))).mode & 0o777, 0o600);
  assert.match(ponted.process.stderr, /audit: instance\.settings of sales by instance:sales from 127\.0\.0\.1: 200 OK, request mine-42/);
});

test('whatever was answered before kill -9 is in the file', async (t) => {
  const dataDir = await temporaryFolder(t);
  for (let round = 0; round < 3; round++) {
    const ponted = await startPonted({ dataDir });
    const answered = [];
    let enough;
    const killed = new Promise((resolve) => (enough = resolve));
    const callers = Promise.allSettled(Array.from({ length: 8 }, async (_, caller) => {
      for (let i = 0; ; i++) {
        const id = `round-${round}-caller-${caller}-${i}`;
        const answer = await ponted.request('POST', '/api/instance/new', { body: { name: id }, headers: { 'x-request-id': id } });
        answered.push(answer.headers.get('x-request-id'));
        if (answered.length === 60) enough();
      }
    }));
    await killed;
    await ponted.stop('SIGKILL');
    await callers;
    const written = new Set((await records(dataDir)).map(({ requestId }) => requestId));
    assert.ok(answered.length >= 60);
    for (const id of answered) assert.ok(written.has(id), `${id} was answered and is not written down`);
  }
});

test('off writes nothing, a path is taken, and one that cannot be is exit 2', async (t) => {
  const service = await prepareService(t, Service);
  const folder = await temporaryFolder(t);
  await service.start({ PONTE_AUDIT_LOG: 'off' });
  await service.ponted.create('one');
  assert.equal(existsSync(file(service.dataDir)), false);
  await service.ponted.stop();
  await service.start({ PONTE_AUDIT_LOG: path.join(folder, 'changes.jsonl') });
  await service.ponted.create('two');
  assert.match(await readFile(path.join(folder, 'changes.jsonl'), 'utf8'), /"instance":"two"/);
  await service.ponted.stop();

  const refused = runPonted({ PONTE_DATA_DIR: service.dataDir, PONTE_LISTEN: '127.0.0.1:0', PONTE_AUDIT_LOG: folder });
  assert.equal((await refused.ended(20)).code, 2, refused.output());
  assert.match(refused.stderr, /PONTE_AUDIT_LOG/);
});
