// ponted as a process: configuration, exit codes, signals, its data directory.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { accountToken, pointedAt, runPonted, startPonted, temporaryFolder } from '../support/node/ponted.mjs';
import { startSim } from '../support/node/sim.mjs';

async function run(env, args = []) {
  const process = runPonted(env, args);
  const end = await process.ended(20);
  return { code: end.code, signal: end.signal, stdout: process.stdout, stderr: process.stderr, all: process.stdout + process.stderr };
}

test('--version and --help end with 0', async () => {
  const version = await run({}, ['--version']);
  assert.equal(version.code, 0, version.all);
  assert.match(version.stdout, /\d+\.\d+\.\d+/);
  const help = await run({}, ['--help']);
  assert.equal(help.code, 0, help.all);
  assert.match(help.stdout, /--config/);
});

test('--check-config ends with 0 for a good configuration and makes nothing', async (t) => {
  const folder = await temporaryFolder(t);
  const dataDir = path.join(folder, 'data');
  const checked = await run({ PONTE_DATA_DIR: dataDir }, ['--check-config']);
  assert.equal(checked.code, 0, checked.all);
  assert.equal(existsSync(dataDir), false);
});

test('a bad configuration is exit 2, with everything that is wrong at once', async (t) => {
  const folder = await temporaryFolder(t);
  const bad = await run(
    {
      PONTE_DATA_DIR: folder,
      PONTE_LISTEN: 'nonsense',
      PONTE_WHATSAPP_URL: 'ws://example.com/ws/chat',
      PONTE_WHATSAPP_ROOT_KEY: 'abc',
      PONTE_CONNECT_TIMEOUT: 'soon',
    },
    ['--check-config'],
  );
  assert.equal(bad.code, 2, bad.all);
  for (const name of ['listen', 'whatsapp_url', 'root_key', 'connect_timeout']) {
    assert.match(bad.all, new RegExp(name, 'i'), `${name} is named`);
  }
  const started = await run({ PONTE_DATA_DIR: folder, PONTE_LISTEN: 'nonsense' });
  assert.equal(started.code, 2, started.all);
});

test('a configuration file is read, the environment wins, an unknown key is refused', async (t) => {
  const folder = await temporaryFolder(t);
  const file = path.join(folder, 'ponte.toml');
  const shown = async (env = {}) => run(env, ['--config', file, '--print-config']);
  await writeFile(file, 'log = "debug"\nconnect_timeout = 42\n');
  const fromFile = await shown();
  assert.equal(fromFile.code, 0, fromFile.all);
  assert.match(fromFile.stdout, /connect_timeout\s*=\s*['"]?42/);
  const overridden = await shown({ PONTE_CONNECT_TIMEOUT: '17' });
  assert.match(overridden.stdout, /connect_timeout\s*=\s*['"]?17/);
  await writeFile(file, 'conect_timeout = 42\n');
  const misspelt = await shown();
  assert.equal(misspelt.code, 2, misspelt.all);
  assert.match(misspelt.all, /conect_timeout/);
});

test('--print-config masks secrets', async (t) => {
  const env = { PONTE_DATA_DIR: await temporaryFolder(t), PONTE_ACCOUNT_TOKEN: accountToken };
  const shown = await run(env, ['--print-config']);
  assert.equal(shown.code, 0, shown.all);
  assert.ok(!shown.all.includes(accountToken), shown.all);
  assert.match(shown.stdout, /account_token/i);
});

test('a proxy with a password is either used or refused, and its password never told', async (t) => {
  const env = { PONTE_DATA_DIR: await temporaryFolder(t), PONTE_PROXY: 'http://user:proxy-password@127.0.0.1:3128' };
  const shown = await run(env, ['--print-config']);
  assert.ok([0, 2].includes(shown.code), shown.all);
  assert.match(shown.all, /proxy/i);
  assert.ok(!shown.all.includes('proxy-password'), shown.all);
});

test('a data directory in use is exit 3, and the first process goes on', async (t) => {
  const dataDir = await temporaryFolder(t);
  const first = await startPonted({ dataDir });
  t.after(() => first.stop('SIGKILL'));
  const second = await run({ PONTE_DATA_DIR: dataDir, PONTE_LISTEN: '127.0.0.1:0', PONTE_WS_LISTEN: '127.0.0.1:0', PONTE_WHATSAPP_VERSION_URL: '' });
  assert.equal(second.code, 3, second.all);
  assert.match(second.all, /in use/i);
  assert.equal((await first.request('GET', '/health')).status, 200);
});

test('a store that is damaged, or whose master key is missing, is exit 4, and nothing is replaced', async (t) => {
  const dataDir = await temporaryFolder(t);
  const first = await startPonted({ dataDir });
  await first.create('kept');
  await first.stop();
  const key = path.join(dataDir, 'master.key');
  assert.equal((await stat(key)).mode & 0o777, 0o600, 'only its owner reads the key');

  const env = { PONTE_DATA_DIR: dataDir, PONTE_LISTEN: '127.0.0.1:0', PONTE_WS_LISTEN: '127.0.0.1:0', PONTE_WHATSAPP_VERSION_URL: '' };
  await rm(key);
  const keyless = await run(env);
  assert.equal(keyless.code, 4, keyless.all);
  assert.match(keyless.all, /master/i);
  assert.equal(existsSync(key), false, 'no new key was made');

  const files = await readdir(dataDir, { recursive: true });
  const current = files.find((file) => path.basename(file) === 'CURRENT');
  assert.ok(current, `RocksDB's files: ${files}`);
  await writeFile(path.join(dataDir, current), 'no manifest\n');
  await writeFile(key, Buffer.alloc(32, 7), { mode: 0o600 });
  const damaged = await run(env);
  assert.equal(damaged.code, 4, damaged.all);
});

test('another master key does not open the store', async (t) => {
  const dataDir = await temporaryFolder(t);
  const first = await startPonted({ dataDir });
  await first.create('sealed');
  await first.stop();
  await writeFile(path.join(dataDir, 'master.key'), Buffer.alloc(32, 7), { mode: 0o600 });
  const end = await run({ PONTE_DATA_DIR: dataDir, PONTE_LISTEN: '127.0.0.1:0', PONTE_WS_LISTEN: '127.0.0.1:0', PONTE_WHATSAPP_VERSION_URL: '' });
  assert.equal(end.code, 4, end.all);
});

test('the account token is made and told at the first start only, and is good afterwards', async (t) => {
  const dataDir = await temporaryFolder(t);
  const env = { PONTE_ACCOUNT_TOKEN: undefined };
  const first = await startPonted({ dataDir, env });
  const list = (ponted, token) => ponted.request('GET', '/api/instance/list', { token });
  const printed = first.process.stdout + first.process.stderr;
  const candidates = printed.match(/[A-Za-z0-9_-]{24,}/g) ?? [];
  let token;
  for (const candidate of new Set(candidates)) if ((await list(first, candidate)).status === 200) token = candidate;
  assert.ok(token, `a token is printed:\n${printed}`);
  await first.stop();

  const second = await startPonted({ dataDir, env });
  t.after(() => second.stop('SIGKILL'));
  assert.ok(!second.process.output().includes(token));
  assert.equal((await list(second, token)).status, 200);
});

for (const signal of ['SIGTERM', 'SIGINT']) {
  test(`${signal} answers who waits, logs nobody out and ends with 0 within 10 s`, async (t) => {
    const sim = await startSim();
    t.after(() => sim.stop());
    const dataDir = await temporaryFolder(t);
    const ponted = await startPonted({ dataDir, env: pointedAt(sim) });
    t.after(() => ponted.stop('SIGKILL'));
    await ponted.create('linked');
    const { body } = await ponted.connect('linked');
    await sim.scan(body.qrCode);
    await ponted.reached('linked', 'connected');
    await ponted.create('waiting');
    await sim.fail({ handshake: 'silent', next: 1 });
    const { connections } = (await sim.state()).counts;
    const waiting = ponted.connect('waiting');
    await sim.until('the attempt has begun', (state) => state.counts.connections > connections);

    const begun = Date.now();
    ponted.process.child.kill(signal);
    const answer = await waiting;
    assert.ok([500, 503].includes(answer.status), JSON.stringify(answer.body));
    assert.equal(answer.body.error.code, 'SHUTTING_DOWN');
    assert.deepEqual(await ponted.process.ended(15), { code: 0, signal: null }, ponted.process.output());
    assert.ok(Date.now() - begun < 10_000, `it took ${Date.now() - begun} ms`);
    const { phones } = await sim.state();
    assert.equal(phones.flatMap((phone) => phone.companions).length, 1, 'the device is still linked');
  });
}

test('an address in use is exit 1 with the address in the message', async (t) => {
  const first = await startPonted({ dataDir: await temporaryFolder(t) });
  t.after(() => first.stop('SIGKILL'));
  const { host } = new URL(first.url);
  const second = await run({ PONTE_DATA_DIR: await temporaryFolder(t), PONTE_LISTEN: host, PONTE_WHATSAPP_VERSION_URL: '' });
  assert.equal(second.code, 1, second.all);
  assert.ok(second.all.includes(host), second.all);
});
