// Requests that Schemathesis makes up of the API description, right ones and wrong ones: no answer may be another than
// described, and none a failure of the program.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { accountToken, temporaryFolder } from '../support/node/ponted.mjs';
import { root } from '../support/node/process.mjs';
import { startService } from '../support/node/service.mjs';

const program = path.join(root, '.tools/schemathesis/bin/schemathesis');
const needed = { skip: existsSync(program) ? false : 'Schemathesis is not installed (tools/setup.sh)' };

async function startAsked(t) {
  const service = await startService(t, { env: { PONTE_CONNECT_TIMEOUT: '1' } });
  await service.link('tested');
  await service.ponted.create('deleted');
  return service;
}

/** How it ended, and what it said, of a program whose description is `document`. */
async function ask(t, ponted, document, options = []) {
  const folder = await temporaryFolder(t);
  // From a file: of a description that is fetched, the operation that gives it is left out.
  await writeFile(path.join(folder, 'openapi.json'), JSON.stringify(document));
  const config = path.join(root, 'tests/contract/schemathesis.toml');
  const about = ['--url', ponted.url, '--header', `token: ${accountToken}`, '--phases', 'examples,coverage,fuzzing,stateful'];
  const quiet = ['--continue-on-failure', '--no-color', '--warnings', 'off'];
  const everything = ['--config-file', config, 'run', 'openapi.json', ...about, ...quiet, ...options];
  const child = spawn(program, everything, { cwd: folder });
  t.after(() => child.kill('SIGKILL'));
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (said += data));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, said })));
}

test('every answer to what Schemathesis makes up is as described', needed, async (t) => {
  const { ponted } = await startAsked(t);
  const document = (await ponted.request('GET', '/openapi.json')).body;
  const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
  const endless = operations.filter(({ responses }) => responses[200]?.content?.['text/event-stream']);
  // What is made up would be dialed, wherever that is.
  const dialing = document.paths['/v1/instances/{instance}/proxy/test'].post;
  const left = [...endless, dialing];
  const without = left.flatMap(({ operationId }) => ['--exclude-operation-id', operationId]);
  const { code, said } = await ask(t, ponted, document, without);
  assert.equal(code, 0, said);
  const [, tested] = /Tested: (\d+)/.exec(said);
  assert.equal(Number(tested), operations.length - left.length, 'all but the streams, which do not end, and what dials');
  assert.deepEqual(await ponted.stop(), { code: 0, signal: null }, ponted.process.output());
});

test('an answer that is not described is found', needed, async (t) => {
  const { ponted } = await startAsked(t);
  const document = (await ponted.request('GET', '/openapi.json')).body;
  delete document.paths['/api/instance/list'].get.responses['404'];
  document.components.schemas.Settings.properties.ignoreStatus = { type: 'string' };
  const only = ['--include-path-regex', '/(list|getSettings)', '--max-examples', '10'];
  const { code, said } = await ask(t, ponted, document, only);
  assert.equal(code, 1, said);
  assert.match(said, /Undocumented status code/);
  assert.match(said, /Response violates schema/);
});
