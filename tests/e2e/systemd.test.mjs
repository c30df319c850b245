// The unit of the package: systemd takes every line of it, and ponted the command.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { temporaryFolder } from '../support/node/ponted.mjs';
import { program, root } from '../support/node/process.mjs';

const skip = spawnSync('systemd-analyze', ['--version']).error ? 'no systemd-analyze' : false;
const unitFile = path.join(root, 'packaging/ponted.service');

test('the unit is one that systemd takes', { skip }, async (t) => {
  const folder = await temporaryFolder(t);
  const unit = await readFile(unitFile, 'utf8');
  const settings = path.join(folder, 'ponte.toml');
  const environmentFile = path.join(folder, 'ponte.env');
  await writeFile(settings, 'rate_limit = 40\ncreate_rate_limit = 10\n');
  await writeFile(environmentFile, 'PONTE_RATE_LIMIT=50\n');
  assert.match(unit, /^ExecStart=\/usr\/bin\/ponted --config \/etc\/ponte\/ponte\.toml --env-file \/etc\/ponte\/ponte\.env$/m);
  const ours = unit
    .replace('/usr/bin/ponted', program('ponted'))
    .replace('/etc/ponte/ponte.toml', settings)
    .replace('/etc/ponte/ponte.env', environmentFile);
  const file = path.join(folder, 'ponted.service');
  await writeFile(file, ours);
  const verified = spawnSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8' });
  assert.equal(verified.status, 0, verified.stderr);
  assert.ok(!verified.stderr.includes('ponted.service'), verified.stderr);

  const [, command] = ours.match(/^ExecStart=(.*)$/m);
  const [ponted, ...args] = command.split(' ');
  const shown = execFileSync(ponted, [...args, '--print-config'], { env: { PATH: process.env.PATH }, encoding: 'utf8' });
  assert.match(shown, /^rate_limit = ['"]50['"]$/m);
  assert.match(shown, /^create_rate_limit = ['"]10['"]$/m);
});

test('the unit leaves little open: systemd rates it at most 1.5 of 10', { skip }, () => {
  const rated = spawnSync('systemd-analyze', ['security', '--offline=yes', '--threshold=15', '--no-pager', unitFile], { encoding: 'utf8' });
  assert.equal(rated.status, 0, rated.stdout + rated.stderr);
});
