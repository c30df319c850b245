// A link between ponted and the simulator, recorded on both sides: each recording replays bit for bit.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { pointedAt, startPonted, temporaryFolder } from '../support/node/ponted.mjs';
import { Program, program, until } from '../support/node/process.mjs';
import { startSim } from '../support/node/sim.mjs';

/** The files in `folder` that are recordings. */
async function recordings(folder) {
  return (await readdir(folder)).filter((name) => name.endsWith('.vec')).map((name) => path.join(folder, name));
}

/** What `ponte replay` says of the recordings in `folder`, each in a line. */
async function replayAll(folder) {
  const files = await recordings(folder);
  const replay = new Program(program('ponte'), ['replay', ...files]);
  const end = await replay.exited;
  assert.equal(end.code, 0, replay.output());
  return { files, said: replay.stdout.trim().split('\n') };
}

test('both sides of a link are recorded, whatever happens to it, and replay bit for bit', async (t) => {
  const folders = { sim: await temporaryFolder(t), ponted: await temporaryFolder(t) };
  const sim = await startSim(['--record', folders.sim, '--refresh', '--ping-ms', '100']);
  t.after(() => sim.stop());
  await sim.fail({ packing: 'random' });
  await sim.fail({ next: 1, upgradeStatus: 503 });
  const dataDir = await temporaryFolder(t);
  const ponted = await startPonted({ dataDir, env: { ...pointedAt(sim), PONTE_RECORD_DIR: folders.ponted } });
  t.after(() => ponted.stop('SIGKILL'));

  await ponted.create('recorded');
  const { body: first } = await ponted.connect('recorded');
  await assert.rejects(sim.scan(first.qrCode), /companion_reg_refresh was sent/);
  const renewed = await until('a code with another secret', async () => {
    const { body } = await ponted.connect('recorded');
    return body.qrCode !== first.qrCode && body.qrCode;
  });
  const paired = await sim.scan(renewed);
  await ponted.reached('recorded', 'connected');

  // Ways in which an admin call reaches a connection: a stanza, noise, a reset.
  await sim.admin('ping');
  for (const disturbance of ['garbage', 'drop']) {
    const { logins } = (await sim.state()).counts;
    await sim.admin(disturbance);
    await sim.until('it has logged in again', (state) => state.counts.logins === logins + 1);
  }
  await ponted.reached('recorded', 'connected');
  await until('the simulator pings by itself', async () => /^In=deadline/m.test(await readFile((await recordings(folders.sim))[0], 'utf8')));
  await sim.admin('unlink', { number: paired.number });
  await ponted.reached('recorded', 'loggedout');
  await ponted.stop();
  await sim.stop();

  const simulator = await replayAll(folders.sim);
  assert.equal(simulator.files.length, 1);
  assert.match(simulator.said[0], /the same, \d+ inputs, \d+ outputs, \d+ stanzas$/);
  const text = await readFile(simulator.files[0], 'utf8');
  for (const input of ['upgrade', 'open', 'bytes', 'deadline', 'drain', 'closed', 'admin']) {
    assert.match(text, new RegExp(`^In=${input}`, 'm'));
  }
  const sessions = await replayAll(folders.ponted);
  assert.ok(sessions.files.length > 0);
});
