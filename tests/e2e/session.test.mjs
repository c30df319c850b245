// A linked account afterwards: crashes, dropped sockets, another client in its place, removal on the phone.
import assert from 'node:assert/strict';
import test from 'node:test';
import { until } from '../support/node/process.mjs';
import { startService } from '../support/node/service.mjs';

test('a crash right after the phone was told does not lose the pairing', async (t) => {
  const rounds = 5;
  const service = await startService(t);
  const { sim } = service;
  for (let round = 1; round <= rounds; round++) {
    const name = `crash-${round}`;
    await service.ponted.create(name);
    const { body } = await service.ponted.connect(name);
    // Answered when pair-device-sign has arrived, and that may leave only once the credentials are on disk.
    await sim.scan(body.qrCode);
    await service.restart('SIGKILL');
    await service.ponted.reached(name, 'connected');
  }
  const { counts, violations } = await sim.state();
  assert.equal(counts.pairings, rounds);
  assert.deepEqual(violations, []);
});

test('a dropped socket is opened again', async (t) => {
  const service = await startService(t);
  const { sim, ponted } = service;
  await service.link('dropped');
  for (const clean of [false, true]) {
    const { logins } = (await sim.state()).counts;
    assert.equal((await sim.admin('drop', { clean })).connections, 1);
    await sim.until('it has logged in again', (state) => state.counts.logins === logins + 1);
    await ponted.reached('dropped', 'connected');
  }
  assert.equal((await sim.state()).counts.pairings, 1);
});

test('a frame that does not decrypt ends the connection, not the session', async (t) => {
  const service = await startService(t);
  const { sim, ponted } = service;
  await service.link('garbled');
  const { logins } = (await sim.state()).counts;
  await sim.admin('garbage');
  await sim.until('it has logged in again', (state) => state.counts.logins === logins + 1);
  await ponted.reached('garbled', 'connected');
});

test('replaced by another client: it stays away until it is asked, and needs no QR then', async (t) => {
  const service = await startService(t);
  const { sim, ponted } = service;
  await service.link('replaced');
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
  const service = await startService(t);
  const { sim, ponted } = service;
  const { number } = await service.link('removed');
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
  const service = await startService(t);
  const { number } = await service.link('away');
  await service.ponted.stop();
  await service.sim.admin('unlink', { number });
  const second = await service.start();
  await second.reached('away', 'loggedout');
  const answer = await second.connect('away');
  assert.equal(answer.body.status, 'qr', JSON.stringify(answer.body));
});

test('a phone that rotates the secret at the first scan is scanned again', async (t) => {
  const { sim, ponted } = await startService(t);
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
    const service = await startService(t);
    await service.sim.fail({ packing });
    await service.link(`packed-${packing}`);
    assert.deepEqual((await service.sim.state()).violations, []);
  });
}

test('compressed stanzas make no difference', async (t) => {
  const service = await startService(t);
  await service.sim.fail({ compress: true });
  await service.link('compressed');
});
