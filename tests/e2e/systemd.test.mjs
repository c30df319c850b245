// The unit of docs/runbook.md: systemd takes every line of it, and ponted the command.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { temporaryFolder } from '../support/node/ponted.mjs';
import { program, root } from '../support/node/process.mjs';

const skip = spawnSync('systemd-analyze', ['--version']).error ? 'no systemd-analyze' : false;

test('the unit is one that systemd takes', { skip }, async (t) => {
  const folder = await temporaryFolder(t);
  const document = await readFile(path.join(root, 'docs/runbook.md'), 'utf8');
  const [, unit] = document.match(/^```ini\n([^]*?)^```$/m);
  const environmentFile = path.join(folder, 'ponte.env');
  await writeFile(environmentFile, 'PONTE_RATE_LIMIT=50\n');
  assert.match(unit, /^ExecStart=\/usr\/local\/bin\/ponted --env-file \/etc\/ponte\/ponte\.env$/m);
  const ours = unit.replace('/usr/local/bin/ponted', program('ponted')).replace('/etc/ponte/ponte.env', environmentFile);
  const file = path.join(folder, 'ponted.service');
  await writeFile(file, ours);
  const verified = spawnSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8' });
  assert.equal(verified.status, 0, verified.stderr);
  assert.ok(!verified.stderr.includes('ponted.service'), verified.stderr);

  const [, command] = ours.match(/^ExecStart=(.*)$/m);
  const [ponted, ...args] = command.split(' ');
  const shown = execFileSync(ponted, [...args, '--print-config'], { env: { PATH: process.env.PATH }, encoding: 'utf8' });
  assert.match(shown, /rate_limit = ['"]50['"]/);
});
