// Servers that say nothing: a connect call waits as long as PONTE_CONNECT_TIMEOUT and not longer.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { listen } from '../support/node/listen.mjs';
import { pointedAt, startPonted, temporaryFolder } from '../support/node/ponted.mjs';
import { startSim } from '../support/node/sim.mjs';

const limit = 3;

/** The answer to a connect, after no more than the limit and some slack for a busy machine. */
async function connectInTime(ponted, name) {
  const begun = Date.now();
  const answer = await ponted.connect(name);
  const seconds = (Date.now() - begun) / 1000;
  assert.ok(seconds >= limit - 0.5 && seconds < limit + 7, `it took ${seconds} s`);
  return answer;
}

function assertTimedOut(answer) {
  assert.equal(answer.status, 500, JSON.stringify(answer.body));
  assert.equal(answer.body.error.message, 'Failed to generate QR code');
  assert.equal(answer.body.error.code, 'CONNECT_TIMEOUT');
}

describe('timeouts', { concurrency: true }, () => {
  test('silent server: 500 at the limit, then state disconnected, and the next connect works', async (t) => {
    const sim = await startSim();
    t.after(() => sim.stop());
    const env = { ...pointedAt(sim), PONTE_CONNECT_TIMEOUT: String(limit) };
    const ponted = await startPonted({ dataDir: await temporaryFolder(t), env });
    t.after(() => ponted.stop('SIGKILL'));
    await ponted.create('silent');
    await sim.fail({ handshake: 'silent', next: 1 });
    assertTimedOut(await connectInTime(ponted, 'silent'));
    const item = await ponted.reached('silent', 'disconnected');
    assert.match(item.reason.code, /^(CONNECT|HANDSHAKE)_TIMEOUT$/);
    assert.equal(item.numberJid, null);
    const code = await ponted.connect('silent');
    assert.equal(code.body.status, 'qr', JSON.stringify(code.body));
    await sim.scan(code.body.qrCode);
    await ponted.reached('silent', 'connected');
  });

  test('silent after the handshake: no QR comes, 500 at the limit', async (t) => {
    const sim = await startSim();
    t.after(() => sim.stop());
    const env = { ...pointedAt(sim), PONTE_CONNECT_TIMEOUT: String(limit) };
    const ponted = await startPonted({ dataDir: await temporaryFolder(t), env });
    t.after(() => ponted.stop('SIGKILL'));
    await ponted.create('late');
    await sim.fail({ handshake: 'silent-after-finish', next: 1 });
    assertTimedOut(await connectInTime(ponted, 'late'));
  });

  test('a server that accepts and says nothing at all: 500 at the limit', async (t) => {
    const { port, close } = await listen(() => {});
    t.after(close);
    const env = { PONTE_WHATSAPP_URL: `ws://127.0.0.1:${port}/ws/chat`, PONTE_CONNECT_TIMEOUT: String(limit) };
    const ponted = await startPonted({ dataDir: await temporaryFolder(t), env });
    t.after(() => ponted.stop('SIGKILL'));
    await ponted.create('mute');
    assertTimedOut(await connectInTime(ponted, 'mute'));
  });
});
