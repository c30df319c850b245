// Everything that can go wrong on the way to a link: the contract's 500, a code of its own, nothing kept, and the
// next connect works.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { listen } from '../support/node/listen.mjs';
import { pointedAt, startPonted, temporaryFolder } from '../support/node/ponted.mjs';
import { startSim } from '../support/node/sim.mjs';

let sim;
let dataDir;
let ponted;
const codes = new Map();

before(async () => {
  sim = await startSim();
  dataDir = await mkdtemp(path.join(os.tmpdir(), 'ponte-failures-'));
  ponted = await startPonted({ dataDir, env: pointedAt(sim) });
});
after(async () => {
  await ponted?.stop('SIGKILL');
  await sim?.stop();
  if (dataDir) await rm(dataDir, { recursive: true, force: true });
});

/** A code belongs to one cause: no two of these cases may share it, unless they say so. */
function assertDistinct(name, code) {
  const other = codes.get(code);
  assert.equal(other, undefined, `"${name}" and "${other}" both give ${code}`);
  codes.set(code, name);
}

function assertUntouched(item) {
  assert.equal(item.connection.state, 'disconnected');
  assert.equal(item.status, 'disconnected');
  assert.equal(item.numberJid, null);
  assert.equal(item.connection.numberJid, null);
  assert.equal(item.profile.name, '');
}

/** With the fault gone: a QR, a scan, a linked account; then the instance is removed. */
async function assertNextConnectWorks(name) {
  const { logins, pairings } = (await sim.state()).counts;
  const code = await ponted.connect(name);
  assert.equal(code.status, 200, JSON.stringify(code.body));
  assert.equal(code.body.status, 'qr', 'a fresh registration, no login with leftovers');
  await sim.scan(code.body.qrCode);
  const item = await ponted.reached(name, 'connected');
  assert.equal(item.reason, undefined, 'the old failure is no longer told');
  const { counts } = await sim.state();
  assert.equal(counts.pairings, pairings + 1);
  assert.equal(counts.logins, logins + 1);
  assert.equal((await ponted.remove(name)).status, 200);
}

const refused = [
  { name: 'wrong chain', faults: { chain: 'wrong-root' }, code: 'CERTIFICATE_SIGNATURE', connections: 1 },
  { name: 'expired leaf', faults: { chain: 'leaf-expired' }, code: 'CERTIFICATE_EXPIRED', connections: 1 },
  { name: 'leaf not yet valid', faults: { chain: 'leaf-not-yet-valid' }, code: 'CERTIFICATE_NOT_YET_VALID', connections: 1 },
  { name: 'wrong leaf', faults: { chain: 'leaf-key-mismatch' }, code: 'CERTIFICATE_KEY_MISMATCH', connections: 1 },
  { name: 'foreign issuer', faults: { chain: 'leaf-issuer' }, code: 'CERTIFICATE_ISSUER', connections: 1 },
  { name: 'garbage chain', faults: { chain: 'garbage' }, code: 'CERTIFICATE_MALFORMED', connections: 1 },
  { name: 'drop mid-handshake', faults: { handshake: 'half-server-hello' }, code: 'CONNECTION_CLOSED', connections: 3 },
  { name: 'garbage frame in the handshake', faults: { handshake: 'garbage-server-hello' }, code: 'PROTOBUF_MALFORMED', connections: 1 },
  { name: 'garbage frame after the handshake', faults: { handshake: 'garbage-after-finish' }, code: 'DECRYPTION_FAILED', connections: 1 },
  { name: 'upgrade refused', faults: { upgradeStatus: 403 }, code: 'WEBSOCKET_REFUSED', connections: 1, unopened: true },
  { name: 'client outdated', faults: { failure: { reason: 405 } }, code: 'CLIENT_OUTDATED', connections: 1 },
];

for (const { name, faults, code, connections, unopened } of refused) {
  test(`${name}: 500, state disconnected, and the next connect works`, async () => {
    const instance = name.replaceAll(' ', '-');
    await ponted.create(instance);
    const before = (await sim.state()).counts.connections;
    await sim.fail({ ...faults, next: connections });
    const answer = await ponted.connect(instance);
    assert.equal(answer.status, 500, JSON.stringify(answer.body));
    assert.equal(answer.body.success, false);
    assert.equal(answer.body.error.message, 'Failed to generate QR code');
    assert.equal(answer.body.error.code, code);
    assertDistinct(name, answer.body.error.code);
    assert.equal(answer.headers.get('x-request-id'), answer.body.requestId);
    const item = await ponted.reached(instance, 'disconnected');
    assertUntouched(item);
    assert.equal(item.reason.code, answer.body.error.code);
    const tried = (await sim.state()).counts.connections - before;
    assert.equal(tried, unopened ? 0 : connections, connections === 1 ? 'it fails at once' : 'two more tries');
    await assertNextConnectWorks(instance);
  });
}

const unpaired = [
  { name: 'bad HMAC', defect: 'bad-hmac', code: 'PAIRING_HMAC_MISMATCH' },
  { name: 'bad signature', defect: 'bad-account-signature', code: 'PAIRING_SIGNATURE_MISMATCH' },
  { name: 'no identity', defect: 'no-identity', code: 'PAIRING_MALFORMED' },
];

for (const { name, defect, code } of unpaired) {
  test(`${name}: the pairing is refused, state disconnected, and the next connect works`, async () => {
    const instance = name.replaceAll(' ', '-');
    await ponted.create(instance);
    await sim.fail({ pairSuccess: defect, next: 1 });
    const { pairings } = (await sim.state()).counts;
    const answer = await ponted.connect(instance);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    await assert.rejects(sim.scan(answer.body.qrCode), 'the phone is told');
    const item = await ponted.reached(instance, 'disconnected');
    assertUntouched(item);
    assert.equal(item.reason.code, code);
    assertDistinct(name, item.reason.code);
    assert.equal((await sim.state()).counts.pairings, pairings);
    await assertNextConnectWorks(instance);
  });
}

test('nothing of failed attempts is on disk: a restarted ponted logs nobody in', async () => {
  const names = ['kept-chain', 'kept-hmac'];
  for (const name of names) await ponted.create(name);
  await sim.fail({ chain: 'wrong-root', next: 1 });
  assert.equal((await ponted.connect(names[0])).status, 500);
  await sim.fail({ pairSuccess: 'bad-hmac', next: 1 });
  const { body } = await ponted.connect(names[1]);
  await sim.scan(body.qrCode).catch(() => {});
  await ponted.reached(names[1], 'disconnected');

  await ponted.stop('SIGKILL');
  const { connections, logins } = (await sim.state()).counts;
  ponted = await startPonted({ dataDir, env: pointedAt(sim) });
  for (const name of names) assertUntouched(await ponted.instance(name));
  for (const name of names) assert.equal((await ponted.connect(name)).body.status, 'qr');
  const { counts } = await sim.state();
  assert.equal(counts.connections, connections + names.length, 'one for each connect, none at start');
  assert.equal(counts.logins, logins);
  for (const name of names) await ponted.remove(name);
});

/** The code of a connect to whatever listens on `port`. */
async function connectTo(t, port) {
  const other = await startPonted({
    dataDir: await temporaryFolder(t),
    env: { ...pointedAt(sim), PONTE_WHATSAPP_URL: `ws://127.0.0.1:${port}/ws/chat` },
  });
  t.after(() => other.stop('SIGKILL'));
  await other.create('elsewhere');
  const answer = await other.connect('elsewhere');
  assert.equal(answer.status, 500, JSON.stringify(answer.body));
  assert.equal(answer.body.error.message, 'Failed to generate QR code');
  assertUntouched(await other.reached('elsewhere', 'disconnected'));
  return answer.body.error.code;
}

test('nobody listens', async (t) => {
  const { port, close } = await listen(() => {});
  await close();
  const code = await connectTo(t, port);
  assert.equal(code, 'CONNECTION_REFUSED');
  assertDistinct('nobody listens', code);
});

test('a server that is no WebSocket server', async (t) => {
  const { port, close } = await listen((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
  t.after(close);
  assert.match(await connectTo(t, port), /^WEBSOCKET_/);
});
