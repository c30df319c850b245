// wss://: the server's certificate is checked, chain and name.
import assert from 'node:assert/strict';
import test from 'node:test';
import { pointedAt, startPonted, temporaryFolder } from '../support/node/ponted.mjs';
import { startSim } from '../support/node/sim.mjs';

async function start(t, { change = (env) => env, listen } = {}) {
  const sim = await startSim(['--tls'], listen);
  t.after(() => sim.stop());
  const ponted = await startPonted({ dataDir: await temporaryFolder(t), env: change(pointedAt(sim)) });
  t.after(() => ponted.stop('SIGKILL'));
  await ponted.create('secure');
  return { sim, ponted, answer: await ponted.connect('secure') };
}

function assertUntrusted(answer) {
  assert.equal(answer.status, 500, JSON.stringify(answer.body));
  assert.equal(answer.body.error.message, 'Failed to generate QR code');
  assert.equal(answer.body.error.code, 'TLS_UNTRUSTED');
}

test('an account is linked through TLS with the root of PONTE_WHATSAPP_CA_FILE', async (t) => {
  const { sim, ponted, answer } = await start(t);
  assert.match(sim.url, /^wss:/);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  await sim.scan(answer.body.qrCode);
  await ponted.reached('secure', 'connected');
});

test('a certificate of an unknown root is refused', async (t) => {
  const { sim, answer } = await start(t, { change: ({ PONTE_WHATSAPP_CA_FILE, ...env }) => env });
  assertUntrusted(answer);
  assert.equal((await sim.state()).counts.connections, 0, 'before anything was said');
});

test('a certificate for another host is refused', async (t) => {
  // The simulator's certificate names 127.0.0.1, not this address.
  const { sim, answer } = await start(t, { listen: '127.0.0.2:0' });
  assert.match(sim.url, /^wss:\/\/127\.0\.0\.2:/);
  assertUntrusted(answer);
  assert.equal((await sim.state()).counts.connections, 0);
});
