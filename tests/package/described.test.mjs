// Completions, manual pages and the configuration file, which packaging/describe.py makes of what the programs say.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { gunzipSync } from 'node:zlib';
import { temporaryFolder } from '../support/node/ponted.mjs';
import { buildDir, program, root } from '../support/node/process.mjs';

const without = (name, ...args) => (spawnSync(name, args).error ? `no ${name}` : false);
const skip = without('python3', '--version');

function describe(output, settings = path.join(root, 'docs/configuration.md'), programs = buildDir) {
  const changelog = path.join(root, 'packaging/debian/changelog');
  const args = ['--programs', programs, '--version', '1.2.3', '--settings', settings, '--changelog', changelog, '--output', output];
  return spawnSync('python3', [path.join(root, 'packaging/describe.py'), ...args], { encoding: 'utf8' });
}

async function described(t) {
  const folder = await temporaryFolder(t);
  const { status, stderr } = describe(folder);
  assert.equal(status, 0, stderr);
  return folder;
}

/** Of every command, beginning with the program itself: its words, and what may stand behind them. */
function commands(words) {
  const help = execFileSync(program(words[0]), [...words.slice(1), '--help'], { encoding: 'utf8' });
  const options = [...help.matchAll(/^ {2}(-\S+)/gm)].flatMap(([, flags]) => flags.split(','));
  const listed = /^Subcommands:\n((?: .*\n|\n)*)/m.exec(help)?.[1] ?? '';
  const subcommands = [...listed.matchAll(/^ {2}(\w\S*)/gm)].map(([, name]) => name);
  return [{ words, options, subcommands }, ...subcommands.flatMap((name) => commands([...words, name]))];
}

const all = () => [...commands(['ponte']), ...commands(['ponted'])];

/** What bash offers behind these words. */
function offered(folder, words) {
  const [name] = words;
  const script = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _"$1"; printf "%s\\n" "${COMPREPLY[@]}"';
  return execFileSync('bash', ['-c', script, 'bash', path.join(folder, 'bash', name), ...words], { encoding: 'utf8', cwd: folder }).trim().split('\n');
}

test('bash completes every subcommand and every option of --help', { skip }, async (t) => {
  const folder = await described(t);
  assert.ok(all().length > 8);
  for (const { words, options, subcommands } of all()) {
    assert.ok(options.includes('--help'), words.join(' '));
    const found = offered(folder, [...words, '']);
    assert.deepEqual([...subcommands, ...options].filter((word) => !found.includes(word)), [], words.join(' '));
    assert.deepEqual(offered(folder, [...words, '--he']), ['--help']);
  }
});

test('bash: behind an option with a value stand files, and the value is no command', { skip }, async (t) => {
  const folder = await described(t);
  writeFileSync(path.join(folder, 'a-file.toml'), '');
  assert.deepEqual(offered(folder, ['ponted', '--config', 'a-f']), ['a-file.toml']);
  assert.ok(offered(folder, ['ponte', 'sim', '--listen', 'phone', '']).includes('--tls'));
  assert.ok(!offered(folder, ['ponte', 'sim', '--listen', 'phone', '']).includes('scan'));
});

test('zsh and fish have every subcommand and every option too', { skip }, async (t) => {
  const folder = await described(t);
  for (const { words, options, subcommands } of all()) {
    const [name] = words;
    const zsh = readFileSync(path.join(folder, `zsh/_${name}`), 'utf8');
    const fish = readFileSync(path.join(folder, `fish/${name}.fish`), 'utf8');
    const row = zsh.split('\n').find((line) => line.startsWith(`    '${words.join(' ')}') found=`));
    for (const word of [...subcommands, ...options]) assert.ok(row.includes(`'${word}:`), `zsh: ${words.join(' ')} ${word}`);
    for (const word of subcommands) assert.match(fish, new RegExp(`-a ${word} -d `));
    for (const word of options) assert.ok(fish.includes(word.startsWith('--') ? ` -l ${word.slice(2)} ` : ` -s ${word.slice(1)} `), `fish: ${word}`);
  }
});

for (const [shell, file] of [['zsh', 'zsh/_ponte'], ['fish', 'fish/ponte.fish']]) {
  test(`${shell} reads its completions`, { skip: skip || without(shell, '--version') }, async (t) => {
    const folder = await described(t);
    const read = spawnSync(shell, ['-n', path.join(folder, file)], { encoding: 'utf8' });
    assert.equal(read.status, 0, read.stderr);
  });
}

test('the manual pages are clean, and have every subcommand and every option', { skip: skip || without('groff', '--version') }, async (t) => {
  const folder = await described(t);
  for (const file of ['ponte.1.gz', 'ponted.8.gz']) {
    const source = gunzipSync(readFileSync(path.join(folder, file)));
    const shown = spawnSync('groff', ['-man', '-Tascii', '-P-cbou', '-ww', '-rLL=200n'], { input: source, encoding: 'utf8' });
    assert.equal(shown.stderr, '', file);
    for (const { words, options, subcommands } of commands([file.split('.')[0]])) {
      for (const word of [...subcommands, ...options]) assert.ok(shown.stdout.includes(word), `${words.join(' ')} ${word}`);
    }
  }
});

test('the configuration file has every setting, with the value that counts without it', { skip }, async (t) => {
  const folder = await described(t);
  const text = readFileSync(path.join(folder, 'ponte.toml'), 'utf8');
  const ask = (...args) => execFileSync(program('ponted'), [...args, '--print-config'], { env: { PATH: process.env.PATH }, encoding: 'utf8' });
  const inPackage = ask().replace(/^data_dir = .*$/m, "data_dir = '/var/lib/ponte'");
  assert.equal(ask('--config', path.join(folder, 'ponte.toml')), inPackage);
  const settings = inPackage.trim().split('\n').map((line) => line.split(' ')[0]);
  const named = [...text.matchAll(/^#?(\w+) = /gm)].map(([, name]) => name);
  assert.deepEqual(named, settings);
  const uncommented = path.join(folder, 'all.toml');
  writeFileSync(uncommented, text.replace(/^#(\w+ = )/gm, '$1'));
  assert.equal(ask('--config', uncommented), inPackage);
});

test('a setting that the document does not explain is refused by name', { skip }, async (t) => {
  const folder = await temporaryFolder(t);
  const document = path.join(folder, 'configuration.md');
  writeFileSync(document, readFileSync(path.join(root, 'docs/configuration.md'), 'utf8').replace(/^\| `PONTE_LOOPS`.*\n/m, ''));
  const { status, stderr } = describe(path.join(folder, 'out'), document);
  assert.equal(status, 1);
  assert.match(stderr, /configuration\.md: no row for PONTE_LOOPS/);
});

/** A folder with ponted, and a `ponte` that says this of itself. */
async function withHelp(t, help) {
  const folder = await temporaryFolder(t);
  symlinkSync(program('ponted'), path.join(folder, 'ponted'));
  writeFileSync(path.join(folder, 'help'), help);
  writeFileSync(path.join(folder, 'ponte'), `#!/bin/sh\ncat '${folder}/help'\n`, { mode: 0o755 });
  return folder;
}

const head = 'Tools.\nUsage: ponte [OPTIONS] NAME\n\n';

test('choices are completed, and what stands below the options is in the manual page', { skip: skip || without('groff', '--version') }, async (t) => {
  const options = 'Options:\n  -h,--help                   Print this\n  --kind TEXT:{qr,code}=qr    which way\n  --of-long-name UINT:INT in [1 - 9]\n                              how many\n';
  const folder = await withHelp(t, `${head}Positionals:\n  NAME TEXT REQUIRED          whose\n\n${options}\nIt's never an argument:\n  -not an option\n\nExit codes: 0 linked.\n`);
  const out = path.join(folder, 'out');
  const { status, stderr } = describe(out, undefined, folder);
  assert.equal(status, 0, stderr);
  assert.deepEqual(offered(out, ['ponte', '--kind', '']), ['qr', 'code']);
  assert.deepEqual(offered(out, ['ponte', '--']), ['--help', '--kind', '--of-long-name']);
  const page = spawnSync('groff', ['-man', '-Tascii', '-P-cbou', '-ww', '-rLL=200n'], { input: gunzipSync(readFileSync(path.join(out, 'ponte.1.gz'))), encoding: 'utf8' });
  assert.equal(page.stderr, '');
  for (const words of ["It's never an argument:", '-not an option', 'Exit codes: 0 linked.', 'how many (1 to 9)', 'which way (default: qr) One of: qr, code.']) {
    assert.ok(page.stdout.includes(words), `${words}\n${page.stdout}`);
  }
});

for (const [what, help, said] of [
  ['without a line of usage', 'Tools.\n', /--help has no line `Usage:`/],
  ['with an option that is indented otherwise', `${head}Options:\n   --odd   TEXT\n`, /of a form that is not known/],
]) {
  test(`a help text ${what} is refused`, { skip }, async (t) => {
    const folder = await withHelp(t, help);
    const { status, stderr } = describe(path.join(folder, 'out'), undefined, folder);
    assert.equal(status, 1);
    assert.match(stderr, said);
  });
}
