// kill -9, at every point where something is committed and at random ones: no pairing that the phone saw succeed is
// lost, nothing is used twice (the simulator watches), and each instance connects or says why it does not.
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { startDemanding } from '../support/node/demanding.mjs';
import { until } from '../support/node/process.mjs';
import { startService } from '../support/node/service.mjs';

const number = '5511987654321';

/** What the phone sees fail with the connection is no error of the test. */
const seen = (pairing) => pairing.then((paired) => paired, () => undefined);

const drives = {
  async qr({ sim, ponted }, name) {
    const { body } = await ponted.connect(name);
    return seen(sim.scan(body.qrCode));
  },
  async code({ sim, ponted }, name, of = number) {
    const { body } = await ponted.connect(name, { query: `?number=${of}` });
    return seen(sim.enterCode(of, body.pairingCode));
  },
  async passkey(account, name) {
    const { body } = await account.ponted.connect(name);
    const pairing = seen(account.sim.scan(body.qrCode));
    await account.ponted.reached(name, 'passkey_required');
    await account.submit(name, await account.assertion(name));
    await account.shownCode(name);
    await account.confirm(name);
    return pairing;
  },
  async logout({ ponted }, name) {
    await ponted.request('DELETE', `/api/instance/logout/${name}`);
  },
};

/** Up where the phone lists it; else it says why not, and links. */
async function assertUsable({ sim, ponted }, name, listed) {
  if (listed) return ponted.reached(name, 'connected');
  const item = await until(`${name} has made up its mind`, async () => {
    const now = await ponted.instance(name);
    return now.connection.state !== 'connecting' && now;
  });
  assert.match(item.connection.state, /^(disconnected|loggedout)$/);
  if (item.connection.state === 'loggedout') assert.equal(item.reason?.code, 'LOGGED_OUT');
  const { body } = await ponted.connect(name);
  assert.equal(body.status, 'qr', JSON.stringify(body));
  await sim.scan(body.qrCode);
  return ponted.reached(name, 'connected');
}

async function listed(sim) {
  const { phones } = await sim.state();
  return phones.some(({ companions }) => companions.length > 0);
}

/** `connection`: whether it is the one that links (1) or the one that logs in after it (2) that freezes. */
const points = [
  { on: 'client-hello', drive: 'qr', connection: 1, listed: { before: false, after: false } },
  { on: 'client-finish', drive: 'qr', connection: 1, listed: { before: false, after: false } },
  { on: 'pair-device-ack', drive: 'qr', connection: 1, listed: { before: false, after: false } },
  { on: 'pair-success-answer', drive: 'qr', connection: 1, listed: { before: false, after: true } },
  { on: 'client-hello', drive: 'qr', connection: 2, listed: { before: true, after: true } },
  { on: 'client-finish', drive: 'qr', connection: 2, listed: { before: true, after: true } },
  { on: 'prekey-upload', drive: 'qr', connection: 2, listed: { before: true, after: true } },
  { on: 'active', drive: 'qr', connection: 2, listed: { before: true, after: true } },
  { on: 'companion-hello', drive: 'code', connection: 1, listed: { before: false, after: false } },
  { on: 'companion-finish', drive: 'code', connection: 1, listed: { before: false, after: false } },
  { on: 'pair-success-answer', drive: 'code', connection: 1, listed: { before: false, after: true } },
  { on: 'passkey-prologue', drive: 'passkey', connection: 1, listed: { before: false, after: false } },
  { on: 'companion-nonce', drive: 'passkey', connection: 1, listed: { before: false, after: false } },
  { on: 'encrypted-pairing-request', drive: 'passkey', connection: 1, listed: { before: false, after: false } },
  { on: 'pair-success-answer', drive: 'passkey', connection: 1, listed: { before: false, after: true } },
  { on: 'logout', drive: 'logout', connection: 1, listed: { before: true, after: false } },
];

test('killed at each commit point, the message lost or its effect done', async (t) => {
  const service = await startDemanding(t);
  const { sim } = service;
  for (const { on, drive, connection, listed: expected } of points) {
    for (const moment of ['before', 'after']) {
      const name = `${drive}-${connection}-${on}-${moment}`;
      await t.test(name, async () => {
        await sim.admin('reset');
        await service.ponted.create(name);
        if (drive === 'logout') {
          await drives.qr(service, name);
          await service.ponted.reached(name, 'connected');
        }
        const faults = { passkey: drive === 'passkey' };
        if (connection === 2) await sim.fail({ ...faults, next: 1 });
        await sim.freeze(on, { ...faults, freezeAfterEffect: moment === 'after', next: 1 });
        if (drive === 'logout') {
          // The connection that is there is none of the next.
          await service.ponted.request('POST', `/api/instance/reconnect/${name}`);
          await service.ponted.reached(name, 'connected');
        }
        const driven = drives[drive](service, name).catch(() => {});
        await sim.frozen();
        await service.ponted.stop('SIGKILL');
        await driven;
        assert.equal(await listed(sim), expected[moment], 'on the phone');
        await sim.until('the socket is gone', ({ connections }) => connections.length === 0);
        await service.start();
        await assertUsable(service, name, expected[moment]);
        const { violations } = await sim.state();
        assert.deepEqual(violations, []);
        assert.equal((await service.ponted.remove(name)).status, 200);
      });
    }
  }
});

/** A small generator, so that a run can be repeated by its seed. */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const rounds = Number(process.env.PONTE_KILLS ?? 300);

test(`killed ${rounds} times at random`, { timeout: 20 * 60_000 }, async (t) => {
  const seed = Number(process.env.PONTE_KILL_SEED ?? Date.now() % 2 ** 32);
  t.diagnostic(`PONTE_KILL_SEED=${seed}`);
  const random = generator(seed);
  const pick = (list) => list[Math.floor(random() * list.length)];
  const service = await startService(t);
  const { sim } = service;
  const steady = ['steady-1', 'steady-2'];
  for (const name of steady) await service.link(name);
  const outcomes = { linked: 0, unlinked: 0 };

  for (let round = 0; round < rounds; round++) {
    const name = `round-${round}`;
    const of = String(5511900000000 + round);
    const drive = pick(['qr', 'code', 'logout']);
    const settings = { callRejectMessage: `round ${round}` };
    assert.equal((await service.ponted.create(name)).status, 201);
    if (drive === 'logout') await drives.qr(service, name);

    // All at once, and the end somewhere in the midst of it.
    const request = (method, path, body) => service.ponted.request(method, path, { body }).catch(() => undefined);
    const driven = drives[drive](service, name, of).catch(() => undefined);
    const reconnecting = request('POST', `/api/instance/reconnect/${pick(steady)}`);
    const setting = request('POST', `/api/instance/settings/${name}`, settings);
    await pause(random() * 120);
    await service.ponted.stop('SIGKILL');
    const [paired, , set] = await Promise.all([driven, reconnecting, setting]);
    await sim.until('the sockets are gone', ({ connections }) => connections.length === 0);

    await service.start();
    const { phones } = await sim.state();
    const known = phones.reduce((sum, { companions }) => sum + companions.length, 0) > steady.length;
    if (paired) assert.ok(known, `round ${round}: the phone's success is on its list`);
    await assertUsable(service, name, known);
    for (const one of steady) await service.ponted.reached(one, 'connected');
    outcomes[known ? 'linked' : 'unlinked']++;
    if (set?.status === 200) {
      assert.equal((await service.ponted.instance(name)).settings.callRejectMessage, settings.callRejectMessage);
    }
    const { violations } = await sim.state();
    assert.deepEqual(violations, [], `round ${round} (${drive})`);
    assert.equal((await service.ponted.remove(name)).status, 200);
  }
  t.diagnostic(JSON.stringify(outcomes));
});
