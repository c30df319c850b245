// `ponte link`: an account is linked from a terminal, through a running ponted.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import test from 'node:test';
import { accountToken, runPonted, startPonted, temporaryFolder } from '../support/node/ponted.mjs';
import { listen } from '../support/node/listen.mjs';
import { Program, program, until } from '../support/node/process.mjs';
import { needsZbar, pgmOfBlocks, readQr } from '../support/node/qr.mjs';
import { startService } from '../support/node/service.mjs';
import { needsScript, startInTerminal } from '../support/node/terminal.mjs';

const number = '5511912345678';
const environment = (more = {}) => ({ PONTE_ACCOUNT_TOKEN: accountToken, ...more });

/** Starts the command on a pipe: no terminal. */
function startLink(t, ponted, name, args = [], env = environment()) {
  const link = new Program(program('ponte'), ['link', name, '--url', ponted.url, ...args], { env });
  t.after(() => link.stop('SIGKILL'));
  return link;
}

/** The same on a terminal of that size. */
function startOnTerminal(t, ponted, name, { args = [], env = environment(), columns = 100, rows = 60 } = {}) {
  return startInTerminal(t, [program('ponte'), 'link', name, '--url', ponted.url, ...args], { env, columns, rows });
}

/** For a service whose codes change after so many seconds. */
const rotating = (seconds) => ({
  simArgs: ['--first-ref-ms', `${seconds}000`, '--ref-ms', `${seconds}000`],
  env: { PONTE_QR_FIRST_TTL: `${seconds}`, PONTE_QR_TTL: `${seconds}` },
});

/** The text of the QR code, as it stands in a line of its own. */
const qrLine = (line) => line.startsWith('https://wa.me/') && line;

async function assertEnds(link, code, said) {
  assert.deepEqual(await link.ended(30), { code, signal: null }, link.output());
  assert.match(link.stdout + link.stderr, said);
}

test('by QR code, on a pipe: each code once, no escape sequence, the number at the end', async (t) => {
  const { sim, ponted } = await startService(t, rotating(2));
  const link = startLink(t, ponted, 'sales');
  const first = await link.line('a code', qrLine);
  const second = await link.line('the next code', (line) => line !== first && qrLine(line));
  const paired = await sim.scan(await link.line('a code after it', (line) => ![first, second].includes(line) && qrLine(line)));
  await assertEnds(link, 0, /\nScanned, logging in\.\nLinked as \+/);
  assert.equal(link.lines.at(-1).replace(/\D/g, ''), paired.number);
  assert.ok(!link.stdout.includes('\x1b'));
  const codes = link.lines.filter(qrLine);
  assert.equal(new Set(codes).size, codes.length, 'none twice');
  assert.equal(link.stderr, '');
  await ponted.reached('sales', 'connected');
});

test('the block characters on a pipe are the code that is named below them', needsZbar(), async (t) => {
  const { ponted } = await startService(t);
  const link = startLink(t, ponted, 'sales');
  const text = await link.line('a code', qrLine);
  const blocks = link.lines.filter((line) => /^[\u2580\u2584\u2588 ]+$/.test(line)).join('\n');
  assert.equal(readQr(pgmOfBlocks(blocks), 'pgm'), text);
  await link.stop('SIGINT');
});

test('by a code to type: shown, and the number in groups', async (t) => {
  const { sim, ponted } = await startService(t);
  const link = startLink(t, ponted, 'sales', ['--number', '+55 (11) 91234-5678']);
  const code = await link.line('the code', (line) => /^[1-9A-Z]{4}-[1-9A-Z]{4}$/.test(line) && line);
  assert.match(link.stdout, /Link with phone number instead/);
  await sim.enterCode(number, code);
  await assertEnds(link, 0, /\nLinked as \+55 11 91234-5678\.\n/);
});

test('what is linked already is told at once, also with the instance token from a file', async (t) => {
  const service = await startService(t);
  const { ponted } = service;
  await service.link('sales');
  const file = path.join(await temporaryFolder(t), 'token');
  await writeFile(file, `${(await ponted.instance('sales')).token}\n`);
  await assertEnds(startLink(t, ponted, 'sales', ['--token-file', file], {}), 0, /sales is linked as \+\d/);
});

test('a saved session logs in without a code', async (t) => {
  const service = await startService(t);
  await service.link('sales');
  await service.restart('SIGKILL');
  const link = startLink(t, service.ponted, 'sales');
  await assertEnds(link, 0, /sales is linked as \+\d/);
  assert.ok(!link.lines.some(qrLine));
});

test('an account with a passkey: what to do, the code to compare, the link', async (t) => {
  const { sim, ponted } = await startService(t);
  await sim.fail({ passkey: true, next: 1 });
  const link = startLink(t, ponted, 'sales');
  const outcome = sim.scan(await link.line('a code', qrLine)).catch((error) => error);
  await link.line('the steps', (line) => line.startsWith('1. GET') && line.includes('/v1/instances/sales/passkey'));
  await link.line('where to sign', (line) => line.includes('https://web.whatsapp.com'));
  const { body } = await ponted.request('GET', '/v1/instances/sales/passkey');
  const { assertion } = await sim.passkeyAssertion(body.passkey.publicKey);
  await ponted.request('POST', '/v1/instances/sales/passkey', { body: assertion });
  const shown = await sim.passkeyCode();
  await link.line('the code to compare', (line) => line.trim() === shown);
  await ponted.request('POST', '/v1/instances/sales/passkey/confirm');
  assert.ok(!((await outcome) instanceof Error));
  await assertEnds(link, 0, /Linked as \+\d/);
});

test('failures have a cause and a remedy', async (t) => {
  const closed = await listen(() => {});
  await closed.close();
  const whatsapp = (url, more = {}) =>
    startPonted({ dataDir: folder, env: { PONTE_WHATSAPP_URL: url, ...more } }).then((ponted) => {
      t.after(() => ponted.stop('SIGKILL'));
      return ponted;
    });
  let folder = await temporaryFolder(t);
  const refusing = await whatsapp(`ws://127.0.0.1:${closed.port}/ws/chat`);
  const refused = startLink(t, refusing, 'sales');
  await assertEnds(refused, 1, /Not linked\. .*refuses the connection\.\nCause: +CONNECTION_REFUSED: [^]+Remedy: Let the firewall/);
  assert.equal(refused.stdout.includes('Not linked'), false, 'on standard error');
  await assertEnds(startLink(t, refusing, 'sales', [], environment({ PONTE_ACCOUNT_TOKEN: 'not-the-token' })), 1, /INVALID_TOKEN[^]+Remedy: Give the account token/);

  folder = await temporaryFolder(t);
  const proxied = await whatsapp('wss://web.whatsapp.com/ws/chat', { PONTE_PROXY: `http://127.0.0.1:${closed.port}` });
  await assertEnds(startLink(t, proxied, 'sales'), 1, /The proxy cannot be reached\.\n[^]+PROXY_UNREACHABLE/);

  await assertEnds(startLink(t, { url: `http://127.0.0.1:${closed.port}` }, 'sales'), 1, /No Ponte answers at [^]+Remedy: Start ponted/);
  const other = await listen((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'));
  t.after(() => other.close());
  await assertEnds(startLink(t, { url: `http://127.0.0.1:${other.port}` }, 'sales'), 1, /is not Ponte\.\n[^]+--url/);
});

test('codes that run out are told', async (t) => {
  const { ponted } = await startService(t, rotating(1));
  await assertEnds(startLink(t, ponted, 'sales'), 1, /Nobody scanned the code[^]+QR_EXPIRED[^]+Remedy: Run the command again\./);
});

test('the end of ponted is told', async (t) => {
  const { ponted } = await startService(t);
  const link = startLink(t, ponted, 'sales');
  await link.line('a code', qrLine);
  await ponted.stop('SIGKILL');
  await assertEnds(link, 1, /No Ponte answers at/);
});

test('a restart of ponted in the middle does no harm: another code comes', async (t) => {
  const service = await startService(t);
  const { sim, ponted, dataDir } = service;
  const link = startLink(t, ponted, 'sales');
  const lost = await link.line('a code', qrLine);
  await ponted.stop('SIGKILL');
  const port = Number(new URL(ponted.url).port);
  const again = runPonted({ ...service.env, PONTE_DATA_DIR: dataDir, PONTE_ACCOUNT_TOKEN: accountToken, PONTE_LISTEN: `127.0.0.1:${port}`, PONTE_WS_LISTEN: `127.0.0.1:${port + 1}` });
  t.after(() => again.stop('SIGKILL'));
  await sim.scan(await link.line('another code', (line) => line !== lost && qrLine(line)));
  await assertEnds(link, 0, /\nLinked as \+/);
});

test('what is asked of ponted: the token in a header alone, number and history in the query', async (t) => {
  const asked = [];
  const server = http.createServer((request, response) => {
    asked.push({ line: `${request.method} ${request.url}`, token: request.headers.token });
    const known = asked.length > 2;
    const answers = [
      [/^GET \/v1\/instances\/sales$/, known ? 200 : 404, known ? { instance: { numberJid: null, connection: { state: 'disconnected' } }, state: { sequence: 4 } } : { success: false, error: { code: 'INSTANCE_NOT_FOUND' } }],
      [/^POST \/api\/instance\/new$/, 201, { success: true }],
      [/connect/, 400, { success: false, error: { code: 'INVALID_NUMBER', message: 'Invalid phone number', details: 'why \x1b[2J' } }],
    ];
    const [, status, body] = answers.find(([pattern]) => pattern.test(asked.at(-1).line)) ?? [];
    // The long poll is never answered.
    if (status) response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => (server.closeAllConnections(), server.close()));
  const link = startLink(t, { url: `http://0.0.0.0:${server.address().port}/` }, 'sales', ['--number', '+1 202 555 0123', '--history', '30']);
  await assertEnds(link, 1, /INVALID_NUMBER: why \?\[2J/);
  assert.match(link.stderr, /^Note: over http:\/\/ the token goes to 0\.0\.0\.0 unencrypted\.$/m);
  const lines = asked.map(({ line }) => line);
  assert.deepEqual(lines.slice(0, 3), ['GET /v1/instances/sales', 'POST /api/instance/new', 'GET /v1/instances/sales']);
  assert.deepEqual(lines.slice(3).sort(), ['GET /api/instance/connect/sales?number=12025550123&history=30', 'GET /v1/instances/sales?wait=25&since=4']);
  assert.ok(asked.every(({ token }) => token === accountToken));
});

test('wrong usage is 2, and says what was wrong; no token reaches an error text', async (t) => {
  const folder = await temporaryFolder(t);
  const file = path.join(folder, 'token');
  await writeFile(file, 'seven77\n');
  const run = (args, env = environment()) =>
    spawnSync('setsid', [program('ponte'), 'link', ...args], { env: { ...process.env, ...env }, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  for (const [args, said, env] of [
    [[], /NAME/],
    [['a b'], /NAME: expected/],
    [['sales', '--number', '0123'], /--number: expected 7 to 15 digits/],
    [['sales', '--history', '0'], /--history/],
    [['sales', '--history', '3651'], /--history/],
    [['sales', '--url', 'ftp://x'], /--url: /],
    [['sales', '--url', 'http://user:secret-of-url@x'], /--url: /],
    [['sales', '--token-file', path.join(folder, 'none')], /none: cannot be read/],
    [['sales', '--token-file', file], /token: expected a token of 8 to 256/],
    [['sales'], /no token: give --token-file/, { PONTE_ACCOUNT_TOKEN: '' }],
    [['sales'], /PONTE_ACCOUNT_TOKEN: expected a token/, { PONTE_ACCOUNT_TOKEN: 'with blank inside' }],
  ]) {
    const { status, stdout, stderr } = run(args, env ?? environment());
    assert.equal(status, 2, `${args}: ${stderr}`);
    assert.match(stdout + stderr, said);
    for (const secret of ['seven77', 'with blank', 'secret-of-url', accountToken]) assert.ok(!(stdout + stderr).includes(secret));
  }
  const help = run(['--help']);
  assert.equal(help.status, 0);
  assert.match(help.stdout, /0 linked, 1 failed or stopped, 2 wrong usage/);
});

test('on a terminal: the code is scanned off the screen, replaced in place, and gone at the end', { skip: needsScript().skip || needsZbar().skip }, async (t) => {
  const { sim, ponted } = await startService(t, rotating(3));
  const { link, screen } = startOnTerminal(t, ponted, 'sales');
  const onScreen = () => until('a code on the screen', () => screen().qr());
  const first = await onScreen();
  assert.match(screen().text(), /Linking sales/);
  assert.match(screen().text(), /Waiting for the scan\. The next code comes in \d s\./);
  assert.ok(screen().hidden, 'no cursor while it waits');
  const second = await until('another code in its place', async () => {
    const code = screen().qr();
    return code && code !== first && code;
  });
  assert.equal(screen().text().match(/Linking sales/g).length, 1, 'in place');
  assert.ok(!link.stdout.includes(second), 'as a picture only');
  const { number: linked } = await sim.scan(second).catch(async () => sim.scan(await onScreen()));
  assert.equal((await link.ended(30)).code, 0, link.output());
  assert.match(screen().text(), /^ {2}Linked as \+/m);
  assert.equal(screen().text().replace(/\D/g, ''), linked);
  assert.equal(screen().qr(), null, 'the code is wiped off');
  assert.ok(!screen().hidden);
});

test('on a small terminal the other ways are named', needsScript(), async (t) => {
  const { ponted } = await startService(t);
  const { link, screen } = startOnTerminal(t, ponted, 'sales', { columns: 80, rows: 24 });
  await until('what is said in place of the code', () => /too small for the QR code/.test(screen().text()));
  const said = screen().text().replace(/\s+/g, ' ');
  assert.match(said, /80 columns and 24 lines/);
  assert.match(said, /\/v1\/instances\/sales\/qr\.png/);
  assert.match(said, /--number/);
  await link.stop('SIGKILL');
});

test('Ctrl-C puts the terminal back and leaves the attempt as it is', needsScript(), async (t) => {
  const { sim, ponted } = await startService(t);
  const { link, screen } = startOnTerminal(t, ponted, 'sales');
  await until('a code', () => /Waiting for the scan/.test(screen().text()));
  link.child.stdin.write('\x03');
  assert.equal((await link.ended(15)).code, 1, link.output());
  assert.match(screen().text(), /Stopped\./);
  assert.ok(!screen().hidden);
  assert.ok(!/Waiting/.test(screen().text()));
  assert.equal((await ponted.instance('sales')).connection.state, 'connecting');
  const again = startLink(t, ponted, 'sales');
  await sim.scan(await again.line('the code', qrLine));
  await assertEnds(again, 0, /Linked as/);
});

test('the token is asked for on the terminal, without echo', needsScript(), async (t) => {
  const service = await startService(t);
  const { ponted } = service;
  await service.link('sales');
  const { link, screen } = startOnTerminal(t, ponted, 'sales', { env: { PONTE_ACCOUNT_TOKEN: '' } });
  await until('the question', () => /Token of Ponte \(not shown\): $/.test(link.stdout));
  link.child.stdin.write(`${accountToken}\r`);
  assert.equal((await link.ended(15)).code, 0, link.output());
  assert.match(screen().text(), /sales is linked as/);
  assert.ok(!link.stdout.includes(accountToken));
});
