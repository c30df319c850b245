// SIGHUP: what may change while the service runs does, a bad file changes nothing, and what takes a restart is named.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, rename, writeFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import test from 'node:test';
import { accountToken, pointedAt, startPonted, temporaryFolder } from '../support/node/ponted.mjs';
import { until } from '../support/node/process.mjs';
import { startSim } from '../support/node/sim.mjs';

/** A ponted whose configuration is a TOML file, or with `environment` a file of variables. */
async function startConfigured(t, text, { environment = false, env = {} } = {}) {
  const folder = await temporaryFolder(t);
  const file = path.join(folder, environment ? 'ponte.env' : 'ponte.toml');
  await writeFile(file, text);
  const ponted = await startPonted({
    dataDir: path.join(folder, 'data'),
    args: [environment ? '--env-file' : '--config', file],
    env: { PONTE_RATE_LIMIT: undefined, PONTE_CREATE_RATE_LIMIT: undefined, ...env },
  });
  t.after(() => ponted.stop('SIGKILL'));
  /** SIGHUP; gives what was said since then, once it has said `words`. */
  const reload = async (words) => {
    const from = ponted.process.stderr.length;
    ponted.process.child.kill('SIGHUP');
    return until(`it says ${words}`, () => words.test(ponted.process.stderr.slice(from)) && ponted.process.stderr.slice(from), 10);
  };
  return { ponted, folder, reload, write: (fresh) => writeFile(file, fresh) };
}

const limitOf = async (ponted) => Number((await ponted.request('GET', '/api/instance/list')).headers.get('x-ratelimit-limit'));

test('limits, origins and trusted proxies count from the next request on', async (t) => {
  const { ponted, reload, write } = await startConfigured(t, 'rate_limit = 50\n');
  assert.equal(await limitOf(ponted), 50);
  const origin = { headers: { origin: 'https://app.example.com' } };
  const allowed = async () => (await ponted.request('GET', '/api/instance/list', origin)).headers.get('access-control-allow-origin');
  assert.equal(await allowed(), null);
  const from = (address) => ponted.request('GET', '/nowhere', { token: null, headers: { 'x-forwarded-for': address } });
  const remaining = async (address) => Number((await from(address)).headers.get('x-ratelimit-remaining'));
  const before = await remaining('203.0.113.1');
  assert.equal(await remaining('203.0.113.2'), before - 1, 'the header does not count yet');

  await write('rate_limit = 7\ncreate_rate_limit = 2\ncors_origins = ["https://app.example.com"]\ntrusted_proxies = ["127.0.0.1"]\n');
  const said = await reload(/trusted_proxies is/);
  assert.match(said, /rate_limit is '7', was '50'/);
  assert.match(said, /cors_origins is 'https:\/\/app\.example\.com', was ''/);
  await until('the new limit counts', async () => (await limitOf(ponted)) === 7);
  assert.equal(await allowed(), 'https://app.example.com');
  assert.equal(await remaining('203.0.113.3'), 6);
  assert.equal(await remaining('203.0.113.4'), 6, 'each address has its own');
  assert.equal((await ponted.create('a')).headers.get('x-ratelimit-limit'), '2');
});

test('origins count for WebSockets too', async (t) => {
  const { ponted, reload, write } = await startConfigured(t, '');
  await ponted.create('ws', { websocketEnabled: true, websocketEvents: ['instance.state'] });
  const url = new URL('/ws/ws', ponted.url);
  url.port = String(Number(url.port) + 1);
  const status = async () => {
    const upgrade = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' };
    const request = http.get(url, { headers: { ...upgrade, token: accountToken, origin: 'https://app.example.com' } });
    const [answer, socket] = await Promise.race([once(request, 'upgrade'), once(request, 'response')]);
    (socket ?? answer).destroy();
    return answer.statusCode;
  };
  assert.equal(await status(), 403);
  await write('cors_origins = ["https://app.example.com"]\n');
  await reload(/cors_origins is/);
  await until('the origin is let in', async () => (await status()) === 101);
});

test('a bad file changes nothing and is told line by line', async (t) => {
  const { ponted, reload, write } = await startConfigured(t, 'rate_limit = 50\n');
  for (const [bad, words] of [
    ['rate_limit = "many"\nconnect_timeout = 0\n', /connect_timeout: [^]*rate_limit: expected a whole number[^]*the one that was good goes on/],
    ['rate_limit = \n', /ponte\.toml:1: [^]*the one that was good goes on/],
    ['ratelimit = 5\n', /ratelimit: no such setting[^]*the one that was good goes on/],
  ]) {
    await write(bad);
    await reload(words);
    assert.equal(await limitOf(ponted), 50);
  }
  await write('rate_limit = 60\n');
  await reload(/rate_limit is '60', was '50'/);
  await until('the good one counts', async () => (await limitOf(ponted)) === 60);
  await reload(/read again, nothing has changed/);
});

test('what takes a restart is named and left alone, secrets unsaid', async (t) => {
  const { ponted, reload, write } = await startConfigured(t, 'loops = 1\n');
  await write('loops = 2\nproxy = "http://user:proxy-password@127.0.0.1:3128"\nqr_ttl = 30\n');
  const said = await reload(/proxy is/);
  assert.match(said, /loops is '2', was '1': takes a restart/);
  assert.match(said, /qr_ttl is '30', was '20': takes a restart/);
  assert.match(said, /proxy is '\*+', was '': takes a restart/);
  assert.ok(!ponted.process.output().includes('proxy-password'));
  await reload(/loops is '2', was '1': takes a restart/);
});

test('the log gets another level, the audit log another file, a connect less patience', async (t) => {
  const sim = await startSim();
  t.after(() => sim.stop());
  const { ponted, folder, reload, write } = await startConfigured(t, 'log = "warn"\n', { env: pointedAt(sim) });
  await ponted.create('one');
  assert.doesNotMatch(ponted.process.stderr, /instance\.create/);
  const audit = path.join(folder, 'data', 'audit.log');
  await rename(audit, `${audit}.moved`);
  await write('log = "info"\nconnect_timeout = 1\n');
  await reload(/log is 'info', was 'warn'/);
  // The line is told before it takes effect: the next request may come in between.
  const last = await until('a change is logged and written anew', async () => {
    await ponted.create(`two-${Date.now()}`);
    return /instance\.create/.test(ponted.process.stderr) && readFile(audit, 'utf8').catch(() => null);
  });
  assert.match(last, /"instance":"two-/);
  assert.match(await readFile(`${audit}.moved`, 'utf8'), /"instance":"one"/);
  await sim.fail({ handshake: 'silent' });
  const begun = Date.now();
  const answer = await ponted.connect('one');
  assert.equal(answer.body.error.code, 'CONNECT_TIMEOUT');
  assert.ok(Date.now() - begun < 10_000, 'the new limit of a second counts');
});

test('a file of variables is read again too, and wins over the environment', async (t) => {
  const { ponted, reload, write } = await startConfigured(t, 'PONTE_RATE_LIMIT=50\n', { environment: true, env: { PONTE_RATE_LIMIT: '40' } });
  assert.equal(await limitOf(ponted), 50);
  await write('# new\nPONTE_RATE_LIMIT="70"\n');
  await reload(/rate_limit is '70', was '50'/);
  await until('it counts', async () => (await limitOf(ponted)) === 70);
});
