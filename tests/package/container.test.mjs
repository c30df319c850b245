// The Dockerfile, as far as it can be held without a container engine: paths, packages, the check of health.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { startPonted, temporaryFolder } from '../support/node/ponted.mjs';
import { program, root } from '../support/node/process.mjs';

const read = (file) => readFileSync(path.join(root, file), 'utf8');

/** The instructions of each stage, lines joined: `[keyword, rest]`. */
function stages() {
  const joined = read('Dockerfile').replace(/^#.*\n/gm, '').replace(/\\\n/g, ' ');
  const lines = joined.split('\n').filter(Boolean).map((line) => /^(\w+) +(.*)$/.exec(line).slice(1));
  const starts = lines.flatMap(([keyword], at) => (keyword === 'FROM' ? [at] : []));
  return starts.map((start, at) => lines.slice(start, starts[at + 1]));
}
const [build, runtime] = stages();
const of = (stage, keyword) => stage.filter(([each]) => each === keyword).map(([, rest]) => rest);

/** What `apt-get install` of a stage names. */
function packages(stage) {
  const installs = of(stage, 'RUN').flatMap((run) => [...run.matchAll(/apt-get install ([^&]*)/g)]);
  return installs.flatMap(([, words]) => words.split(/\s+/).filter((word) => word && !word.startsWith('-')));
}

const noDpkg = ['dpkg-shlibdeps', 'apt-cache'].map((name) => spawnSync(name, ['--version']).error && `no ${name}: tools/setup.sh`).find(Boolean) ?? false;

/** The packages of the libraries that the programs link; of a virtual one, the package that is it here. */
async function linked(t) {
  const folder = await temporaryFolder(t);
  mkdirSync(path.join(folder, 'debian'));
  writeFileSync(path.join(folder, 'debian/control'), 'Source: ponte\n\nPackage: ponte\nArchitecture: any\n');
  const said = execFileSync('dpkg-shlibdeps', ['-O', program('ponted'), program('ponte')], { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const names = /^shlibs:Depends=(.*)$/m.exec(said)[1].split(', ').map((each) => each.split(' ')[0]);
  const provided = execFileSync('dpkg-query', ['-W', '-f', '${Package}\t${Provides}\n'], { encoding: 'utf8' }).split('\n');
  const real = (name) => provided.find((line) => line.split('\t')[0] === name) ?? provided.find((line) => line.split('\t')[1]?.split(', ').some((each) => each.split(' ')[0] === name));
  return names.map((name) => real(name).split('\t')[0]);
}

test('the second stage installs what the programs link, the roots of TLS, and nothing else', { skip: noDpkg }, async (t) => {
  assert.deepEqual(packages(runtime).sort(), [...(await linked(t)), 'ca-certificates'].sort());
});

test('the packages are there to be had', { skip: noDpkg || (!spawnSync('apt-cache', ['policy', 'libc6'], { encoding: 'utf8' }).stdout.includes('://') && 'apt has no lists: apt-get update') }, () => {
  const names = [...packages(build), ...packages(runtime)];
  const policy = execFileSync('apt-cache', ['policy', ...names], { encoding: 'utf8' });
  for (const name of names) assert.match(policy, new RegExp(`^${name.replaceAll(/[.+]/g, '\\$&')}:\n.*\n  Candidate: \\d`, 'm'));
});

/** Whether .dockerignore leaves out that path. */
function ignored(file) {
  const patterns = read('.dockerignore').split('\n').filter((line) => line && !line.startsWith('#'));
  return patterns.some((pattern) => {
    const start = pattern.startsWith('/') ? '^' : '';
    const body = pattern.replace(/^\//, '').replace(/[.+]/g, '\\$&').replace(/\*\*\//g, '(?:^|.*/)').replace(/\*(?!\/)/g, '[^/]*');
    return new RegExp(`${start}${body}(/|$)`).test(file);
  });
}

test('what is copied and run is there, and not left out', () => {
  assert.deepEqual(of(build, 'COPY'), ['. .']);
  const scripts = of(build, 'RUN').flatMap((run) => [...run.matchAll(/(?:^|&& )(tools\/\S+)/g)].map(([, file]) => file));
  assert.deepEqual(scripts, ['tools/setup.sh']);
  const tracked = execFileSync('git', ['ls-files', 'CMakeLists.txt', 'CMakePresets.json', 'THIRD_PARTY_NOTICES', 'docs/configuration.md', 'packaging', 'proto', 'src', 'third_party', 'tools'], { cwd: root, encoding: 'utf8' });
  for (const file of tracked.trim().split('\n')) assert.ok(existsSync(path.join(root, file)) && !ignored(file), file);
  for (const file of ['data/master.key', 'build/release/ponted', 'some.env', 'third_party/swagger_ui/node_modules/a.js']) assert.ok(ignored(file), file);
  const installed = read('packaging/CMakeLists.txt');
  for (const copied of of(runtime, 'COPY')) assert.match(copied, /^--from=build \/installed(\/usr\/\S+) \1$/);
  assert.match(installed, /DESTINATION \$\{CMAKE_INSTALL_DATADIR\}\/doc\/ponte\)/);
});

test('it runs as a user of its own, and says what ponted understands', () => {
  assert.deepEqual(of(runtime, 'USER'), ['10001:10001']);
  assert.match(of(runtime, 'RUN').join(), /--uid 10001 /);
  assert.deepEqual(of(runtime, 'VOLUME'), ['/var/lib/ponte']);
  assert.deepEqual(JSON.parse(of(runtime, 'ENTRYPOINT')[0]), ['/usr/bin/ponted']);
  const env = Object.fromEntries(of(runtime, 'ENV')[0].split(' ').map((each) => each.split('=')));
  const shown = execFileSync(program('ponted'), ['--print-config'], { env: { PATH: process.env.PATH, ...env }, encoding: 'utf8' });
  for (const [name, value] of Object.entries(env)) assert.match(shown, new RegExp(`^${name.slice('PONTE_'.length).toLowerCase()} = '${value}'$`, 'm'));
});

test('its check of health passes while ponted answers, and not after', async (t) => {
  const [, command] = /CMD (\[.*\])$/.exec(of(runtime, 'HEALTHCHECK')[0]);
  const [file, ...args] = JSON.parse(command);
  const ponted = await startPonted({ dataDir: await temporaryFolder(t) });
  t.after(() => ponted.stop());
  const check = () => spawnSync(file, args, { env: { PATH: process.env.PATH, PONTE_LISTEN: `0.0.0.0:${new URL(ponted.url).port}` }, timeout: 5000 }).status;
  assert.equal(check(), 0);
  await ponted.stop();
  assert.notEqual(check(), 0);
});
