// `ponte doctor`: what it says where all is well, for each thing that is not, and what its report has.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, readFile, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import test from 'node:test';
import { listen } from '../support/node/listen.mjs';
import { accountToken, pointedAt, temporaryFolder } from '../support/node/ponted.mjs';
import { Program, program } from '../support/node/process.mjs';
import { startProxy } from '../support/node/proxy.mjs';
import { startReceiver } from '../support/node/receiver.mjs';
import { startService } from '../support/node/service.mjs';
import { startSim } from '../support/node/sim.mjs';
import { needsScript, startInTerminal } from '../support/node/terminal.mjs';

/** Runs the command with nothing of Ponte's in the environment but `env`: code, text, and of --json the checks by id. */
async function runDoctor(t, env, args = ['--json']) {
  const clean = Object.fromEntries(Object.keys(process.env).filter((name) => name.startsWith('PONTE_')).map((name) => [name, undefined]));
  const doctor = new Program(program('ponte'), ['doctor', ...args], { env: { ...clean, PONTE_WHATSAPP_VERSION_URL: '', ...env } });
  t.after(() => doctor.stop('SIGKILL'));
  const { code } = await doctor.ended(60);
  const report = args.includes('--json') && code !== 2 ? JSON.parse(doctor.stdout) : null;
  const checks = Object.fromEntries((report?.checks ?? []).map((check) => [check.id, check]));
  return { code, text: doctor.stdout + doctor.stderr, report, checks };
}

/** A data directory as ponted makes it, without one. */
async function dataFolder(t) {
  const folder = path.join(await temporaryFolder(t), 'data');
  await mkdir(folder, { mode: 0o700 });
  await writeFile(path.join(folder, 'master.key'), Buffer.alloc(32, 7), { mode: 0o600 });
  await writeFile(path.join(folder, 'initialized'), '', { mode: 0o600 });
  return folder;
}

/** What points the tool at a service that runs. */
const environmentOf = ({ ponted, dataDir, env }) => ({ ...env, PONTE_DATA_DIR: dataDir, PONTE_LISTEN: new URL(ponted.url).host, PONTE_ACCOUNT_TOKEN: accountToken });

function assertCheck(checks, id, verdict, message, remedy) {
  const check = checks[id];
  assert.equal(check?.verdict, verdict, `${id}: ${JSON.stringify(check)}`);
  assert.match(check.message, message);
  if (verdict === 'failed' || verdict === 'warning') assert.match(check.remedy, remedy ?? /\w/);
  else assert.equal(check.remedy, undefined);
}

const all = [
  'configuration', 'data-directory', 'master-key', 'disk', 'lock', 'dns', 'proxy', 'tls', 'websocket', 'clock', 'client-version',
  'service', 'service-version', 'service-clock', 'public-url',
];

test('all is well against the simulator with TLS and a running ponted', async (t) => {
  const service = await startService(t, { simArgs: ['--tls'] });
  const { ponted, sim } = service;
  const { code, report, checks } = await runDoctor(t, { ...environmentOf(service), PONTE_PUBLIC_URL: ponted.url });
  assert.deepEqual(report.checks.map(({ id }) => id), all);
  // Where the tests' folder lies is not the tool's fault: overlay, tmpfs.
  const elsewhere = report.checks.filter(({ id }) => id !== 'data-directory' && id !== 'disk');
  assert.deepEqual(elsewhere.filter(({ verdict }) => verdict !== 'ok'), []);
  assert.equal(code, 0);
  assert.equal(report.ok, true);
  assertCheck(checks, 'lock', 'ok', new RegExp(`process ${ponted.process.child.pid}\\)`));
  assertCheck(checks, 'tls', 'ok', /^TLSv1\.3 with 127\.0\.0\.1:\d+; certificate by Ponte simulator CA, good for \d+ days/);
  assert.equal(checks.tls.details.chain.length > 0, true);
  assertCheck(checks, 'service', 'ok', /^Works, up for /);
  assertCheck(checks, 'service-version', 'ok', /^Both are \d/);
  assertCheck(checks, 'public-url', 'ok', /leads to Ponte/);
  assert.deepEqual((await sim.state()).violations, []);
  assert.deepEqual(await readdir(service.dataDir).then((names) => names.filter((name) => name.startsWith('doctor'))), [], 'nothing is left behind');
});

test('text for people: one line a check, remedies, a summary', async (t) => {
  const folder = await dataFolder(t);
  const { code, text } = await runDoctor(t, { PONTE_DATA_DIR: folder, PONTE_LISTEN: '127.0.0.1:1', PONTE_WHATSAPP_URL: 'ws://127.0.0.1:1/ws' }, []);
  assert.equal(code, 1);
  assert.match(text, /^ {2}ok {7}Configuration {4}Read from the environment\.$/m);
  assert.match(text, /^ {2}failed {3}TCP {14}Connecting to 127\.0\.0\.1 .*refused\.\n {28}Remedy: /m);
  assert.match(text, /^ {2}\d+ ok, \d+ warnings?, \d+ failed, \d+ skipped\.$/m);
  assert.ok(!text.includes('\x1b'));
});

test('on a terminal verdicts have colours, and lines fit', needsScript(), async (t) => {
  const folder = await dataFolder(t);
  const env = { PONTE_DATA_DIR: folder, PONTE_LISTEN: '127.0.0.1:1', PONTE_WHATSAPP_URL: 'ws://127.0.0.1:1/ws', PONTE_WHATSAPP_VERSION_URL: '' };
  const { link, screen } = startInTerminal(t, [program('ponte'), 'doctor'], { env, columns: 70, rows: 60 });
  await link.ended(30);
  assert.match(link.stdout, /\x1b\[32mok/);
  assert.match(link.stdout, /\x1b\[31mfailed/);
  for (const line of link.stdout.replace(/\x1b\[\d*m/g, '').split('\r\n')) assert.ok(line.length <= 70, line);
  assert.match(screen().text(), /failed/);
});

test('the configuration: every error is told, and nothing else is looked at', async (t) => {
  const file = path.join(await temporaryFolder(t), 'ponte.toml');
  await writeFile(file, 'qr_ttl = "soon"\nno_such = 1\n');
  const { code, report, checks } = await runDoctor(t, {}, ['--json', '--config', file]);
  assert.equal(code, 1);
  assertCheck(checks, 'configuration', 'failed', /no_such: no such setting[^]*qr_ttl: expected/);
  assert.equal(report.checks.length, 1);
  await writeFile(file, `data_dir = "${await dataFolder(t)}"\nwhatsapp_url = "ws://127.0.0.1:1/"\nlisten = "127.0.0.1:1"\n`);
  const good = await runDoctor(t, {}, ['--json', '--config', file]);
  assertCheck(good.checks, 'configuration', 'ok', /ponte\.toml and the environment/);
});

test('a value that is no UTF-8 makes no JSON that is none', (t) => {
  const line = `PONTE_LISTEN=$'\\xff\\x1b[2J' exec ${program('ponte')} doctor`;
  const json = spawnSync('bash', ['-c', `${line} --json`], { encoding: 'utf8' });
  assert.equal(json.status, 1, json.stderr);
  assert.equal(JSON.parse(json.stdout).checks[0].verdict, 'failed');
  const text = spawnSync('bash', ['-c', line], { encoding: 'utf8' });
  assert.match(text.stdout, /PONTE_LISTEN: expected address:port/);
  assert.ok(!text.stdout.includes('\x1b'), 'nor does it steer the terminal');
});

test('the data directory and its key', async (t) => {
  const base = { PONTE_LISTEN: '127.0.0.1:1', PONTE_WHATSAPP_URL: 'ws://127.0.0.1:1/' };
  const folder = await dataFolder(t);
  const key = path.join(folder, 'master.key');
  const look = async (dataDir = folder) => (await runDoctor(t, { ...base, PONTE_DATA_DIR: dataDir })).checks;
  assertCheck(await look(), 'master-key', 'ok', /^32 bytes/);
  await chmod(key, 0o644);
  assertCheck(await look(), 'master-key', 'failed', /mode 0644/, /^chmod 600 /);
  await chmod(key, 0o600);
  await truncate(key, 31);
  assertCheck(await look(), 'master-key', 'failed', /31 bytes, not 32/, /backup/);
  await rm(key);
  assertCheck(await look(), 'master-key', 'failed', /is missing/, /backup/);
  await rm(path.join(folder, 'initialized'));
  assertCheck(await look(), 'master-key', 'ok', /first start/);
  await chmod(folder, 0o755);
  assertCheck(await look(), 'data-directory', 'warning', /mode 0755/, /^chmod 700 /);
  const none = await look(path.join(folder, 'none'));
  assertCheck(none, 'data-directory', 'failed', /is not there/, /Start ponted/);
  assertCheck(none, 'master-key', 'skipped', /not there/);
  assertCheck(await look('/proc/version'), 'data-directory', 'failed', /no directory/);
  assertCheck(await look('/proc'), 'disk', 'failed', /Nothing can be written/);
});

test('the way to WhatsApp: a name without address, a closed port, an unknown root, no WebSocket', async (t) => {
  const base = { PONTE_DATA_DIR: await dataFolder(t), PONTE_LISTEN: '127.0.0.1:1' };
  const look = async (url, more = {}) => {
    const { code, checks } = await runDoctor(t, { ...base, PONTE_WHATSAPP_URL: url, ...more });
    assert.equal(code, 1);
    return checks;
  };
  const nameless = await look('wss://whatsapp.invalid/ws/chat');
  assertCheck(nameless, 'dns', 'failed', /whatsapp\.invalid has no address/, /resolv\.conf/);
  assertCheck(nameless, 'tls', 'skipped', /no address/);
  const closed = await listen(() => {});
  await closed.close();
  assertCheck(await look(`wss://localhost:${closed.port}/ws`), 'tls', 'failed', /refused/, /firewall/);

  const sim = await startSim(['--tls']);
  t.after(() => sim.stop());
  const untrusted = await look(sim.url.replace('127.0.0.1', 'localhost'));
  assertCheck(untrusted, 'dns', 'ok', /^localhost has \d address/);
  assertCheck(untrusted, 'tls', 'failed', /not trusted: .*It was issued by Ponte simulator CA\./, /opens TLS .*PONTE_WHATSAPP_CA_FILE/);
  assert.match(untrusted.tls.details.chain[0].issuer, /Ponte simulator CA/);
  assertCheck(untrusted, 'websocket', 'skipped', /no way/);
  assert.equal((await sim.state()).counts.connections, 0);
  const wrongFile = path.join(base.PONTE_DATA_DIR, 'initialized');
  assertCheck(await look(sim.url, { PONTE_WHATSAPP_CA_FILE: wrongFile }), 'tls', 'failed', /CA file/, /PONTE_WHATSAPP_CA_FILE/);

  const other = http.createServer((request, response) => response.writeHead(403).end());
  await new Promise((resolve) => other.listen(0, '127.0.0.1', resolve));
  t.after(() => other.close());
  assertCheck(await look(`ws://127.0.0.1:${other.address().port}/ws`), 'websocket', 'failed', /403/, /proxy/);
});

test('the proxy: it lets through, refuses, wants another password, is not there', async (t) => {
  const sim = await startSim(['--tls']);
  t.after(() => sim.stop());
  const proxy = await startProxy({ username: 'proxy-user', password: 'proxy-password' });
  t.after(() => proxy.close());
  const base = { ...pointedAt(sim), PONTE_DATA_DIR: await dataFolder(t), PONTE_LISTEN: '127.0.0.1:1', PONTE_PROXY: proxy.url };
  const works = await runDoctor(t, base);
  assertCheck(works.checks, 'proxy', 'ok', new RegExp(`^${proxy.name} lets through`));
  assertCheck(works.checks, 'dns', 'skipped', /The proxy looks/);
  assertCheck(works.checks, 'tls', 'ok', /by way of the proxy/);
  assertCheck(works.checks, 'websocket', 'ok', /./);
  assertCheck(works.checks, 'clock', 'ok', /./);
  assert.equal(works.code, 0);
  assert.ok(proxy.requests.length >= 3, 'all of it went through');

  const fails = async (env, message, remedy) => {
    const { code, checks, text } = await runDoctor(t, { ...base, ...env });
    assert.equal(code, 1);
    assertCheck(checks, 'proxy', 'failed', message, remedy);
    assertCheck(checks, 'tls', 'skipped', /proxy/);
    for (const secret of ['proxy-user', 'proxy-password', 'other-password']) assert.ok(!text.includes(secret), text);
  };
  await fails({ PONTE_PROXY: proxy.url.replace('proxy-password', 'other-password') }, /Proxy http/, /user and password/);
  proxy.refuse(403);
  await fails({}, /403/, /Allow web\.whatsapp\.com/);
  await proxy.close();
  await fails({}, /refused/, /that it runs/);
});

test('a clock that is wrong, by the date of an answer', async (t) => {
  const base = { PONTE_DATA_DIR: await dataFolder(t), PONTE_LISTEN: '127.0.0.1:1' };
  let date = '';
  const server = http.createServer((request, response) => {
    response.sendDate = false;
    if (date) response.setHeader('Date', date);
    response.end();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const look = async (seconds) => {
    date = seconds === null ? '' : new Date(Date.now() - seconds * 1000).toUTCString();
    return (await runDoctor(t, { ...base, PONTE_WHATSAPP_URL: `ws://127.0.0.1:${server.address().port}/ws` })).checks;
  };
  assertCheck(await look(0), 'clock', 'ok', /Agrees/);
  assertCheck(await look(100), 'clock', 'warning', /\b(99|100|101) s ahead of/, /timedatectl/);
  assertCheck(await look(-3 * 3600 - 60), 'clock', 'failed', /3 h behind/, /timedatectl/);
  assertCheck(await look(null), 'clock', 'skipped', /no answer .* with a date/);
});

test('the version of the client, from the page that names it', async (t) => {
  const base = { PONTE_DATA_DIR: await dataFolder(t), PONTE_LISTEN: '127.0.0.1:1', PONTE_WHATSAPP_URL: 'ws://127.0.0.1:1/' };
  let page = 'x"client_revision":1999999999,"y"';
  const server = http.createServer((request, response) => response.end(page));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const url = `http://127.0.0.1:${server.address().port}/sw.js`;
  const look = async (more = {}) => (await runDoctor(t, { ...base, PONTE_WHATSAPP_VERSION_URL: url, ...more })).checks;
  assertCheck(await look(), 'client-version', 'ok', /built in; WhatsApp has 2\.3000\.1999999999/);
  assertCheck(await look({ PONTE_WHATSAPP_VERSION: '2.3000.1' }), 'client-version', 'warning', /2\.3000\.1, named by/);
  page = 'nothing';
  assertCheck(await look(), 'client-version', 'warning', /names no client_revision/, /PONTE_WHATSAPP_VERSION_URL/);
});

test('ponted: not running, another service, a wrong token, not at that address', async (t) => {
  const service = await startService(t);
  const env = environmentOf(service);
  const wrong = await runDoctor(t, { ...env, PONTE_ACCOUNT_TOKEN: 'not-the-account-token' });
  assertCheck(wrong.checks, 'service', 'warning', /does not know the token/, /--token-file/);
  assertCheck(wrong.checks, 'service-version', 'ok', /Both/);
  const file = path.join(await temporaryFolder(t), 'token');
  await writeFile(file, accountToken);
  const right = await runDoctor(t, { ...env, PONTE_ACCOUNT_TOKEN: 'not-the-account-token' }, ['--json', '--token-file', file]);
  assertCheck(right.checks, 'service', 'ok', /^Works/);

  const other = http.createServer((request, response) => response.end('hi'));
  await new Promise((resolve) => other.listen(0, '127.0.0.1', resolve));
  t.after(() => other.close());
  const elsewhere = `http://127.0.0.1:${other.address().port}`;
  assertCheck((await runDoctor(t, env, ['--json', '--url', elsewhere])).checks, 'service', 'failed', /is not Ponte/, /--url/);
  const lost = await runDoctor(t, { ...env, PONTE_LISTEN: '127.0.0.1:1', PONTE_PUBLIC_URL: elsewhere });
  assertCheck(lost.checks, 'service', 'failed', /has the data directory/, /--url/);
  assertCheck(lost.checks, 'public-url', 'failed', /is not Ponte/, /reverse proxy/);
  await service.ponted.stop();
  const { code, checks } = await runDoctor(t, env);
  assertCheck(checks, 'service', 'warning', /No ponted answers/, /^Start ponted/);
  assertCheck(checks, 'lock', 'ok', /No ponted/);
  assert.equal(code, 0);
});

/** A service with something of everything that a report must not have; and those texts. */
async function serviceWithSecrets(t) {
  const proxy = await startProxy({ username: 'proxy-user-x', password: 'proxy-password-x' });
  t.after(() => proxy.close());
  const receiver = await startReceiver(t);
  const service = await startService(t, { env: { PONTE_PROXY: proxy.url, PONTE_ALLOW_PRIVATE_WEBHOOKS: 'true', PONTE_PUBLIC_URL: 'http://public.invalid', PONTE_TRUSTED_PROXIES: '192.0.2.77', PONTE_DEVICE_NAME: 'Alices laptop' } });
  const { ponted, sim } = service;
  const { number } = await service.link('sales-of-alice');
  const { token, id, connection } = await ponted.instance('sales-of-alice');
  const hook = await ponted.request('POST', '/api/events/webhook/sales-of-alice', {
    body: { enabled: true, url: `${receiver.url}/hook-path-x`, authorization: 'hook-authorization-x' },
  });
  assert.equal(hook.status, 200, JSON.stringify(hook.body));
  await ponted.create('with-proxy', { proxyEnabled: true, proxyProtocol: 'http', proxyHost: 'own-proxy.invalid', proxyPort: '3128', proxyUsername: 'own-user-x', proxyPassword: 'own-password-x', callRejectMessage: 'reject-words-x' });
  await ponted.connect('with-proxy', { query: '?number=5521987654321' });
  const sent = await sim.admin('send', { to: number, text: 'message-text-x' });
  assert.ok(sent);
  const secrets = [
    accountToken, token, id, number, connection.lid?.split('@')[0], 'sales-of-alice', 'with-proxy', 'proxy-user-x', 'proxy-password-x', 'public.invalid',
    '192.0.2.77', 'Alices', 'hook-path-x', 'hook-authorization-x', hook.body.webhook.secret, 'own-proxy.invalid', 'own-user-x', 'own-password-x',
    'reject-words-x', '5521987654321', 'message-text-x',
  ].filter(Boolean);
  return { service, secrets };
}

test('the report has what helps, and none of the secrets that were put in', async (t) => {
  const { service, secrets } = await serviceWithSecrets(t);
  const folder = await temporaryFolder(t);
  const archive = path.join(folder, 'report.tar.gz');
  const { code, text } = await runDoctor(t, environmentOf(service), ['--record', archive]);
  assert.equal(code, 0, text);
  assert.match(text, /Look through it before you send it/);
  for (const name of ['doctor.json', 'versions.json', 'configuration.toml', 'health.json', 'metrics.txt', 'instances.json', 'README.txt']) {
    assert.match(text, new RegExp(`^ {2}${name.replace('.', '\\.')} +\\S`, 'm'));
  }
  assert.equal((await stat(archive)).mode & 0o777, 0o600);
  const untar = spawnSync('tar', ['-xzf', archive, '-C', folder], { encoding: 'utf8' });
  assert.equal(untar.status, 0, untar.stderr);
  const files = {};
  for (const name of await readdir(path.join(folder, 'ponte-report'))) files[name] = await readFile(path.join(folder, 'ponte-report', name), 'utf8');
  const all = Object.values(files).join('\n');
  for (const secret of secrets) assert.ok(!all.includes(secret), `${secret} is in the report`);
  const key = await readFile(path.join(service.dataDir, 'master.key'));
  for (const form of ['hex', 'base64', 'latin1']) assert.ok(!all.includes(key.toString(form)));

  const instances = JSON.parse(files['instances.json']);
  assert.deepEqual(instances.map(({ name }) => name).sort(), ['instance-1', 'instance-2']);
  assert.match(instances.find(({ state }) => state === 'connected').number, /^\+\d\d\*+\d\d$/);
  assert.equal(JSON.parse(files['doctor.json']).ok, true);
  assert.equal(JSON.parse(files['health.json']).service, 'Ponte');
  assert.match(files['metrics.txt'], /^ponte_sessions\{/m);
  assert.match(files['configuration.toml'], /^account_token = '\*+'$/m);
  assert.ok(JSON.parse(files['versions.json']).platform.kernel.release);
});

test('a report is a folder where that is asked for; also without ponted, and without a configuration', async (t) => {
  const folder = await temporaryFolder(t);
  const report = path.join(folder, 'report');
  const env = { PONTE_DATA_DIR: await dataFolder(t), PONTE_LISTEN: '127.0.0.1:1', PONTE_WHATSAPP_URL: 'ws://127.0.0.1:1/' };
  assert.equal((await runDoctor(t, env, ['--record', report])).code, 1);
  assert.deepEqual((await readdir(report)).sort(), ['README.txt', 'configuration.toml', 'doctor.json', 'versions.json']);
  assert.equal((await stat(report)).mode & 0o777, 0o700);
  const broken = await runDoctor(t, { PONTE_QR_TTL: 'x', PONTE_CORS_ORIGINS: 'hidden.example' }, ['--json', '--record', path.join(folder, 'other')]);
  assert.equal(broken.code, 1);
  assert.equal(broken.checks.configuration.verdict, 'failed', 'standard output is JSON alone');
  assert.match(broken.checks.configuration.message, /hidden\.example/);
  const written = await readFile(path.join(folder, 'other', 'doctor.json'), 'utf8');
  assert.match(written, /PONTE_CORS_ORIGINS: expected .* got '\[value\]'/);
  assert.ok(!written.includes('hidden'), 'what is written of a value that could not be read');
  assert.deepEqual((await readdir(path.join(folder, 'other'))).sort(), ['README.txt', 'doctor.json', 'versions.json']);
});

test('wrong usage is 2, and nothing is overwritten', async (t) => {
  const folder = await temporaryFolder(t);
  const there = path.join(folder, 'there.tar.gz');
  await writeFile(there, 'mine');
  for (const [args, said] of [
    [['--record', there], /there already/],
    [['--url', 'gopher://x'], /--url: /],
    [['--token-file', path.join(folder, 'none')], /cannot be read/],
    [['--no-such-option'], /no-such-option/],
  ]) {
    const { code, text } = await runDoctor(t, {}, args);
    assert.equal(code, 2, text);
    assert.match(text, said);
  }
  assert.equal(await readFile(there, 'utf8'), 'mine');
  const lost = await runDoctor(t, { PONTE_QR_TTL: 'x' }, ['--record', path.join(folder, 'none', 'r.tar.gz')]);
  assert.equal(lost.code, 1);
  assert.match(lost.text, /--record: cannot create/);
});
