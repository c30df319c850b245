// The curl lines of the documentation, as they stand there, from `new` to `delete`.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { accountToken, temporaryFolder } from '../support/node/ponted.mjs';
import { Program, root } from '../support/node/process.mjs';
import { startService } from '../support/node/service.mjs';

const needsCurl = { skip: spawnSync('curl', ['--version']).error ? 'no curl' : false };

/** The indented lines of a document that begin with `curl`. */
function curlLines(file) {
  const lines = readFileSync(path.join(root, file), 'utf8').split('\n');
  return lines.filter((line) => /^ {4}curl /.test(line)).map((line) => line.trim());
}

/** What README.md goes through, in its order: which line, its status, and what its answer says. */
const steps = [
  ['/api/instance/new', 201, { message: 'Instance created', instance: { name: 'first', status: 'disconnected' } }],
  ['/v1/instances/first/links', 201, { message: 'Link created', link: { title: 'Sales phone', uses: 1, used: 0, state: 'open' } }],
  ['/api/instance/connect/first', 200, { message: 'QR code generated', status: 'qr' }],
  ['/api/instance/connect/first?number=', 200, { message: 'Pairing code generated', status: 'pairing_code' }],
  ['/api/instance/list?instanceName=', 200, { message: '1 Instance found', instances: [{ connection: { state: 'connected' } }] }],
  ['/api/message/text/first', 200, { message: 'Message sent successfully', status: 'sent', data: { direction: 'outgoing' } }],
  ['/api/chat/history/first', 200, { message: 'Chat history retrieved successfully', count: 1 }],
  ['/api/instance/logout/first', 200, { message: 'Instance logged out', instance: { status: 'loggedout' }, unlinked: true }],
  ['/api/instance/delete/first', 200, { message: 'Instance deleted', instance: { status: 'deleted' } }],
];

/** Of an answer only what is expected, so that the two can be compared. */
function part(answer, expected) {
  if (expected === null || typeof expected !== 'object') return answer;
  const keys = Object.keys(expected).map((key) => [key, part(answer?.[key], expected[key])]);
  return Array.isArray(expected) ? keys.map(([, value]) => value) : Object.fromEntries(keys);
}

/** Runs lines as a reader would, but that the documented address leads to the test's ponted. */
class Reader {
  constructor(service, folder) {
    Object.assign(this, { service, folder });
  }

  async prepare() {
    const { host } = new URL(this.service.ponted.url);
    const settings = [`connect-to = "127.0.0.1:8080:${host}"`, 'noproxy = "*"', 'write-out = "%{stderr}%{http_code}"', 'max-time = 60'];
    await writeFile(path.join(this.folder, '.curlrc'), `${settings.join('\n')}\n`);
    return this;
  }

  /** What it wrote, and the status of the answer. */
  async run(line) {
    const shell = new Program('bash', ['-c', line], { cwd: this.folder, env: { TOKEN: accountToken, CURL_HOME: this.folder } });
    const { code } = await shell.ended(90);
    assert.equal(code, 0, `${line}\n${shell.output()}`);
    return { status: shell.stderr.trim(), text: shell.stdout };
  }

  /** The next step's line; gives the answer's body. */
  async step([, expectedStatus, expected], line) {
    const { status, text } = await this.run(line);
    assert.equal(status, String(expectedStatus), `${line}\n${text}`);
    const body = JSON.parse(text);
    assert.deepEqual(part(body, expected), expected, line);
    return body;
  }
}

async function startReader(t) {
  const service = await startService(t);
  await service.sim.admin('phone', { number: '5511988888888' }); // whom README.md writes to
  return new Reader(service, await temporaryFolder(t)).prepare();
}

const lines = curlLines('README.md');
const lineOf = (target) => lines.find((line) => targetOf(line) === target);
const numberOf = (line) => /number=(\d+)/.exec(line)?.[1];

async function assertGone({ service }) {
  assert.equal((await service.ponted.request('GET', '/api/instance/list?instanceName=first')).status, 404);
  assert.deepEqual((await service.sim.state()).violations, []);
}

/** What a line asks for, without the values of its query. */
function targetOf(line) {
  const { pathname, search } = new URL(/http:\S*?(?="?$)/.exec(line)[0]);
  return pathname + search.replace(/=\w+$/, '=');
}

/** Every document of the project but README.md. */
function otherDocuments() {
  const below = readdirSync(path.join(root, 'docs'), { recursive: true }).map((name) => `docs/${name}`);
  return [...readdirSync(root), ...below].filter((name) => name.endsWith('.md') && name !== 'README.md');
}

test('README.md has a line for every step, and no other document has lines of its own', () => {
  assert.deepEqual(lines.map(targetOf), steps.map(([target]) => target));
  for (const line of lines) assert.match(line, /^curl -s .*-H "token: \$TOKEN".* "?http:\/\/127\.0\.0\.1:8080\//);
  for (const file of otherDocuments()) assert.deepEqual(curlLines(file), [], `${file}: run by no test`);
});

test('by QR: every line of README.md but the one for a number', needsCurl, async (t) => {
  const reader = await startReader(t);
  const { service } = reader;
  for (const [index, step] of steps.entries()) {
    if (numberOf(lines[index])) continue;
    const { qrCode } = await reader.step(step, lines[index]);
    if (!qrCode) continue;
    await service.sim.scan(qrCode);
    await service.ponted.reached('first', 'connected');
  }
  await assertGone(reader);
});

test('by a code to type: every line of README.md', needsCurl, async (t) => {
  const reader = await startReader(t);
  const { service } = reader;
  for (const [index, step] of steps.entries()) {
    const { pairingCode } = await reader.step(step, lines[index]);
    if (!pairingCode) continue;
    await service.sim.enterCode(numberOf(lines[index]), pairingCode);
    await service.ponted.reached('first', 'connected');
  }
  await assertGone(reader);
});

test('the picture, as README.md says to save it', needsCurl, async (t) => {
  const [pipe] = /\| sed '[^']*' \| base64 -d >qr\.png/.exec(await readFile(path.join(root, 'README.md'), 'utf8'));
  const reader = await startReader(t);
  await reader.run(lineOf('/api/instance/new'));
  await reader.run(`${lineOf('/api/instance/connect/first')} ${pipe}`);
  const picture = await readFile(path.join(reader.folder, 'qr.png'));
  assert.equal(picture.toString('latin1', 1, 4), 'PNG');
  const shown = await fetch(`${reader.service.ponted.url}/v1/instances/first/qr.png`, { headers: { token: accountToken } });
  assert.deepEqual(picture, Buffer.from(await shown.arrayBuffer()));
});
