// The Debian package, in a Debian that has never seen Ponte: installed, started, upgraded, removed, purged.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { temporaryFolder } from '../support/node/ponted.mjs';
import { buildDir, program, until } from '../support/node/process.mjs';
import { has, Machine, missing } from './machine.mjs';

const noPacking = ['cpack', 'dpkg-deb', 'dpkg-shlibdeps'].map((name) => !has(name) && `no ${name}: tools/setup.sh`).find(Boolean) ?? false;
const noMachine = noPacking || missing();

let packed;
/** The package of the build, made once for all tests here. */
function pack() {
  if (packed) return packed;
  const folder = mkdtempSync(path.join(os.tmpdir(), 'ponte-test-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  execFileSync('sh', ['-c', 'umask 022 && exec cpack --config "$1" -G DEB -B "$2"', 'sh', path.join(buildDir, 'CPackConfig.cmake'), folder], { stdio: 'pipe' });
  packed = path.join(folder, readdirSync(folder).find((name) => name.endsWith('.deb')));
  return packed;
}

/** The same package under a higher version. */
function newer(deb, folder) {
  const tree = path.join(folder, 'newer');
  execFileSync('dpkg-deb', ['--raw-extract', deb, tree]);
  const control = path.join(tree, 'DEBIAN/control');
  const version = /^Version: (.*)$/m.exec(readFileSync(control, 'utf8'))[1];
  writeFileSync(control, readFileSync(control, 'utf8').replace(/^Version: .*$/m, `Version: ${version}+next`));
  const out = path.join(folder, 'newer.deb');
  execFileSync('dpkg-deb', ['--root-owner-group', '-Znone', '--build', tree, out], { stdio: 'pipe' });
  return { file: out, version: `${version}+next` };
}

/** A port that is free together with the next one. */
async function freePort() {
  const free = (port) => new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
  return until('two free ports', async () => {
    const port = 30_000 + 2 * Math.floor(Math.random() * 1000);
    return (await free(port)) && (await free(port + 1)) && port;
  });
}

const state = '/var/lib/ponte';
const unitFile = '/lib/systemd/system/ponted.service';
const wanted = '/etc/systemd/system/multi-user.target.wants/ponted.service';

/** ponted as the installed unit starts it, on another port. */
async function start(machine, env = {}) {
  const port = await freePort();
  const command = /^ExecStart=(.*)$/m.exec(machine.read(unitFile))[1].split(' ');
  const listen = { PONTE_LISTEN: `127.0.0.1:${port}`, PONTE_WS_LISTEN: `127.0.0.1:${port + 1}` };
  const ponted = machine.serve('ponte', state, command, { ...listen, ...env });
  const url = `http://127.0.0.1:${port}`;
  await until('ponted answers', async () => {
    if (ponted.end) throw new Error(`ponted ended: ${JSON.stringify(ponted.end)}\n${ponted.output()}`);
    return (await fetch(`${url}/health`).catch(() => null))?.status === 200;
  });
  return { ponted, url };
}

async function ask(url, token, target, body) {
  const answer = await fetch(url + target, { method: body ? 'POST' : 'GET', headers: { token }, body: body && JSON.stringify(body) });
  return { status: answer.status, body: await answer.json() };
}

const modes = (machine, ...files) => machine.run('stat', '-c', '%a %U:%G %n', ...files).trim().split('\n');

/** Has the maintainer scripts believe that systemd runs; gives the file where systemctl is written down. */
function pretendSystemd(machine) {
  machine.run('mkdir', '-p', '/run/systemd/system');
  machine.program('/usr/bin/systemctl', '#!/bin/sh\necho "$*" >>/run/systemctl\ncase "$*" in *is-enabled*) echo enabled ;; esac\n');
  return () => {
    const calls = machine.has('/run/systemctl') ? machine.read('/run/systemctl').split('\n') : [];
    machine.run('rm', '-f', '/run/systemctl');
    return calls.filter((call) => /\b(start|restart|stop)\b/.test(call)).map((call) => /\b(start|restart|stop) .*$/.exec(call)[0]);
  };
}

test('lintian finds nothing', { skip: noPacking || (!has('lintian') && 'no lintian: tools/setup.sh') }, () => {
  const deb = pack();
  const found = spawnSync('lintian', ['--allow-root', '--tag-display-limit', '0', '--fail-on', 'error,warning', deb], { encoding: 'utf8' });
  assert.equal(found.status, 0, found.stdout + found.stderr);
});

test('what is packed is stripped, bound at start, and named by its libraries', { skip: noPacking }, async (t) => {
  const folder = await temporaryFolder(t);
  const deb = pack();
  execFileSync('dpkg-deb', ['--extract', deb, path.join(folder, 'tree')]);
  for (const name of ['ponted', 'ponte']) {
    const file = path.join(folder, 'tree/usr/bin', name);
    const sections = execFileSync('readelf', ['-SW', file], { encoding: 'utf8' });
    assert.doesNotMatch(sections, /\.debug_info|\.symtab/);
    assert.match(execFileSync('readelf', ['-dW', file], { encoding: 'utf8' }), /BIND_NOW|NOW/);
    assert.match(execFileSync('readelf', ['-lW', file], { encoding: 'utf8' }), /GNU_RELRO/);
  }
  const depends = execFileSync('dpkg-deb', ['--field', deb, 'Depends'], { encoding: 'utf8' });
  for (const name of ['adduser', 'ca-certificates', 'librocksdb7.8', 'libssl3', 'libpistache0']) assert.ok(depends.includes(name), depends);
});

test('installed, started, upgraded, removed, purged', { skip: noMachine }, async (t) => {
  const machine = Machine.start(t);
  const folder = await temporaryFolder(t);
  const deb = pack();
  machine.copyIn(deb, '/root/ponte.deb');

  // Installed.
  machine.apt('install', '/root/ponte.deb');
  machine.keepDownloads();
  assert.ok(machine.run('readlink', wanted).endsWith(`${unitFile}\n`));
  assert.match(machine.run('getent', 'passwd', 'ponte'), /^ponte:x:\d+:\d+:Ponte,*:\/var\/lib\/ponte:\/usr\/sbin\/nologin$/m);
  const owned = ['750 root:ponte /etc/ponte', '640 root:ponte /etc/ponte/ponte.env', '640 root:ponte /etc/ponte/ponte.toml', `700 ponte:ponte ${state}`];
  assert.deepEqual(modes(machine, '/etc/ponte', '/etc/ponte/ponte.env', '/etc/ponte/ponte.toml', state), owned);
  assert.equal(machine.run('ponted', '--version').trim(), execFileSync(program('ponted'), ['--version'], { encoding: 'utf8' }).trim());

  // Started: with the token of the file, which nothing prints.
  const [, token] = /^PONTE_ACCOUNT_TOKEN=([0-9a-f]{64})$/m.exec(machine.read('/etc/ponte/ponte.env'));
  const first = await start(machine);
  assert.equal((await ask(first.url, 'another-token', '/api/instance/list')).status, 401);
  const made = await ask(first.url, token, '/api/instance/new', { name: 'kept' });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  assert.deepEqual(await first.ponted.stop(), { code: 0, signal: null });
  assert.ok(!first.ponted.output().includes(token));
  assert.doesNotMatch(first.ponted.output(), /Account token/);
  assert.deepEqual(modes(machine, `${state}/master.key`), [`600 ponte:ponte ${state}/master.key`]);

  // Where policy-rc.d says that nothing may start, nothing does.
  const started = pretendSystemd(machine);
  assert.match(machine.apt('install', '--reinstall', '/root/ponte.deb'), /policy-rc\.d returned 101, not running '.*ponted\.service'/);
  assert.deepEqual(started(), []);

  // Upgraded, with settings of the administrator's own, where things may start.
  machine.write('/etc/ponte/ponte.toml', `${machine.read('/etc/ponte/ponte.toml')}\nrate_limit = 77\n`);
  machine.program('/usr/sbin/policy-rc.d', '#!/bin/sh\nexit 0\n');
  const next = newer(deb, folder);
  machine.copyIn(next.file, '/root/newer.deb');
  machine.apt('install', '/root/newer.deb');
  assert.deepEqual(started(), ['restart ponted.service']);
  assert.equal(machine.run('dpkg-query', '-W', '-f', '${db:Status-Abbrev}${Version}', 'ponte'), `ii ${next.version}`);
  assert.match(machine.read('/etc/ponte/ponte.env'), new RegExp(`^PONTE_ACCOUNT_TOKEN=${token}$`, 'm'));
  assert.deepEqual(modes(machine, '/etc/ponte', '/etc/ponte/ponte.env', '/etc/ponte/ponte.toml', state), owned);
  const second = await start(machine);
  const list = await ask(second.url, token, '/api/instance/list?instanceName=kept');
  assert.equal(list.status, 200);
  assert.equal(list.body.instances[0].token, made.body.instance.token);
  await second.ponted.stop();
  assert.match(machine.run('ponted', '--config', '/etc/ponte/ponte.toml', '--print-config'), /rate_limit = '77'/);

  // Without a token of the administrator's: one is made, and told once.
  machine.write('/etc/ponte/ponte.env', '');
  const fresh = { PONTE_DATA_DIR: `${state}/fresh` };
  const third = await start(machine, fresh);
  const told = await third.ponted.line('the account token', (line) => /^Account token \(shown only now, keep it\): (\S+)$/.exec(line)?.[1]);
  assert.equal((await ask(third.url, told, '/api/instance/list')).status, 200);
  await third.ponted.stop();
  const fourth = await start(machine, fresh);
  assert.equal((await ask(fourth.url, told, '/api/instance/list')).status, 200);
  await fourth.ponted.stop();
  assert.ok(!fourth.ponted.output().includes(told));

  // Removed: the programs go, the accounts stay.
  machine.apt('remove', 'ponte');
  assert.deepEqual(started(), ['stop ponted.service']);
  assert.ok(!machine.has('/usr/bin/ponted') && !machine.has(unitFile));
  for (const file of [`${state}/master.key`, '/etc/ponte/ponte.toml', '/etc/ponte/ponte.env']) assert.ok(machine.has(file), file);
  machine.apt('install', '/root/newer.deb');
  assert.deepEqual(started(), ['restart ponted.service']);
  assert.ok(machine.run('readlink', wanted).endsWith(`${unitFile}\n`));

  // Purged: nothing stays.
  machine.apt('purge', 'ponte');
  assert.equal(machine.try('getent', 'passwd', 'ponte').status, 2);
  const left = machine.run('find', '/etc', '/var/lib', '/usr', '/lib', '-xdev', '-iname', '*ponte*').trim();
  assert.equal(left, '');
});
