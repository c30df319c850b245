// A linked account afterwards: crashes, dropped sockets, another client in its place, removal on the phone.
import assert from 'node:assert/strict';
import test from 'node:test';
import { pointedAt, startPonted, temporaryFolder } from '../support/node/ponted.mjs';
import { until } from '../support/node/process.mjs';
import { startSim } from '../support/node/sim.mjs';

async function link(ponted, sim, name) {
  await ponted.create(name);
  const { body } = await ponted.connect(name);
  const paired = await sim.scan(body.qrCode);
  await ponted.reached(name, 'connected');
  return paired;
}

async function start(t) {
  const sim = await startSim();
  t.after(() => sim.stop());
  const dataDir = await temporaryFolder(t);
  let ponted;
  const again = async () => (ponted = await startPonted({ dataDir, env: pointedAt(sim) }));
  t.after(() => ponted?.stop('SIGKILL'));
  return { sim, ponted: await again(), again };
}

test('a crash right after the phone was told does not lose the pairing', async (t) => {
  const rounds = 5;
  let { sim, ponted, again } = await start(t);
  for (let round = 1; round <= rounds; round++) {
    const name = `crash-${round}`;
    await ponted.create(name);
    const { body } = await ponted.connect(name);
    // Answered when pair-device-sign has arrived, and that may leave only once the credentials are on disk.
    await sim.scan(body.qrCode);
    await ponted.stop('SIGKILL');
    ponted = await again();
    await ponted.reached(name, 'connected');
  }
  const { counts, violations } = await sim.state();
  assert.equal(counts.pairings, rounds);
  assert.deepEqual(violations, []);
});

test('a dropped socket is opened again', async (t) => {
  const { sim, ponted } = await start(t);
  await link(ponted, sim, 'dropped');
  for (const clean of [false, true]) {
    const { logins } = (await sim.state()).counts;
    assert.equal((await sim.admin('drop', { clean })).connections, 1);
    await sim.until('it has logged in again', (state) => state.counts.logins === logins + 1);
    await ponted.reached('dropped', 'connected');
  }
  assert.equal((await sim.state()).counts.pairings, 1);
});

test('a frame that does not decrypt ends the connection, not the session', async (t) => {
  const { sim, ponted } = await start(t);
  await link(ponted, sim, 'garbled');
  const { logins } = (await sim.state()).counts;
  await sim.admin('garbage');
  await sim.until('it has logged in again', (state) => state.counts.logins === logins + 1);
  await ponted.reached('garbled', 'connected');
});

test('replaced by another client: it stays away until it is asked, and needs no QR then', async (t) => {
  const { sim, ponted } = await start(t);
  await link(ponted, sim, 'replaced');
  const { logins } = (await sim.state()).counts;
  await sim.admin('stream-error', { conflict: 'replaced' });
  const item = await ponted.reached('replaced', 'disconnected');
  assert.equal(item.reason.code, 'STREAM_REPLACED');
  assert.equal((await sim.state()).counts.logins, logins);
  const answer = await ponted.connect('replaced');
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.equal(answer.body.status, 'connected');
  assert.equal(answer.body.qrCode, undefined);
  assert.equal((await sim.state()).counts.pairings, 1);
});

test('removed on the phone: logged out, and connect gives a QR again', async (t) => {
  const { sim, ponted } = await start(t);
  const { number } = await link(ponted, sim, 'removed');
  await sim.admin('unlink', { number });
  const item = await ponted.reached('removed', 'loggedout');
  assert.equal(item.status, 'loggedout');
  assert.equal(item.reason.code, 'LOGGED_OUT');
  const answer = await ponted.connect('removed');
  assert.equal(answer.body.status, 'qr', JSON.stringify(answer.body));
  await sim.scan(answer.body.qrCode);
  const again = await ponted.reached('removed', 'connected');
  assert.equal(again.reason, undefined);
  assert.equal((await sim.state()).counts.pairings, 2);
});

test('removed on the phone while ponted was away: connect goes on to a QR within the same call', async (t) => {
  const { sim, ponted, again } = await start(t);
  const { number } = await link(ponted, sim, 'away');
  await ponted.stop();
  await sim.admin('unlink', { number });
  const second = await again();
  await second.reached('away', 'loggedout');
  const answer = await second.connect('away');
  assert.equal(answer.body.status, 'qr', JSON.stringify(answer.body));
});

test('a phone that rotates the secret at the first scan is scanned again', async (t) => {
  const { sim, ponted } = await start(t);
  await sim.fail({ refreshBeforePairing: true });
  await ponted.create('refreshed');
  const first = (await ponted.connect('refreshed')).body;
  await assert.rejects(sim.scan(first.qrCode), /409/);
  const second = await until('a code with the new secret', async () => {
    const { qrCode } = (await ponted.connect('refreshed')).body;
    return qrCode !== first.qrCode && qrCode;
  });
  await sim.scan(second);
  await ponted.reached('refreshed', 'connected');
  assert.equal((await sim.state()).counts.connections, 2, 'one to pair, one to log in');
});

for (const packing of ['bytes', 'random', 'join']) {
  test(`frames laid into messages as "${packing}" make no difference`, async (t) => {
    const { sim, ponted } = await start(t);
    await sim.fail({ packing });
    await link(ponted, sim, `packed-${packing}`);
    assert.deepEqual((await sim.state()).violations, []);
  });
}

test('compressed stanzas make no difference', async (t) => {
  const { sim, ponted } = await start(t);
  await sim.fail({ compress: true });
  await link(ponted, sim, 'compressed');
});
