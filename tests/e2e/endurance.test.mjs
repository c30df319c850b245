// Many failures leave nothing behind, and one instance's trouble is nobody else's.
import assert from 'node:assert/strict';
import test from 'node:test';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { listen } from '../support/node/listen.mjs';
import { until } from '../support/node/process.mjs';
import { startService } from '../support/node/service.mjs';

/** Open descriptors but those of files, which the database opens as it likes, and resident memory in KiB. */
async function holdings(pid) {
  const folder = `/proc/${pid}/fd`;
  const targets = await Promise.all((await readdir(folder)).map((name) => readlink(`${folder}/${name}`).catch(() => '/')));
  const descriptors = targets.filter((target) => !target.startsWith('/')).length;
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return { descriptors, resident: Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)[1]) };
}

test('10,000 connects that fail leave memory and descriptors where they were', async (t) => {
  const { sim, ponted } = await startService(t);
  const { pid } = ponted.process.child;
  const names = Array.from({ length: 8 }, (_, index) => `failing-${index}`);
  for (const name of names) await ponted.create(name);
  const causes = [
    [{ upgradeStatus: 403 }, 'WEBSOCKET_REFUSED'],
    [{ chain: 'wrong-root' }, 'CERTIFICATE_SIGNATURE'],
    [{ chain: 'leaf-expired' }, 'CERTIFICATE_EXPIRED'],
    [{ handshake: 'garbage-after-finish' }, 'DECRYPTION_FAILED'],
  ];
  const cycles = async (count) => {
    for (const [faults, code] of causes) {
      await sim.fail(faults);
      await Promise.all(names.map(async (name) => {
        for (let cycle = 0; cycle < count / causes.length / names.length; cycle++) {
          const { status, body } = await ponted.connect(name);
          assert.equal(status, 500);
          assert.equal(body.error.code, code);
        }
      }));
      await sim.admin('reset');
    }
    // The API closes what is idle by itself; what is asked here is the way to WhatsApp.
    await sim.until('no socket is open', ({ connections }) => connections.length === 0);
  };
  await cycles(2000);
  const before = await holdings(pid);
  await cycles(10_000);
  const after = await until('the descriptors are back', async () => {
    const now = await holdings(pid);
    return now.descriptors <= before.descriptors && now;
  });
  t.diagnostic(`${JSON.stringify(before)} -> ${JSON.stringify(after)}`);
  assert.ok(after.resident - before.resident < 2048, `${after.resident - before.resident} KiB more`);
  const { body } = await ponted.connect(names[0]);
  assert.equal(body.status, 'qr', JSON.stringify(body));
});

test('a flood, a proxy that hangs and a server that refuses: the others do not notice', async (t) => {
  const service = await startService(t, { env: { PONTE_LOOPS: '1' } });
  const { sim, ponted } = service;
  const steady = await service.link('steady');
  const flooded = await service.link('flooded');
  const hanging = await listen(() => {});
  t.after(hanging.close);
  await ponted.create('hanging', {
    proxyEnabled: true, proxyProtocol: 'socks5', proxyHost: '127.0.0.1', proxyPort: String(hanging.port),
  });
  let hung = true;
  const waiting = ponted.connect('hanging').then(() => (hung = false));
  await service.link('failing');
  const { connections } = await sim.state();
  const failing = connections.find(({ number }) => number && number !== steady.number && number !== flooded.number);
  await sim.fail({ failure: { reason: 503 }, number: failing.number });
  await sim.admin('drop', { number: failing.number });
  await sim.admin('flood', { number: flooded.number, count: 20_000, bytes: 512 });

  for (let round = 0; round < 10; round++) {
    const name = `other-${round}`;
    await service.link(name);
    await ponted.remove(name);
  }
  assert.ok(hung, 'the proxy still hangs');
  await sim.until('the flood is acknowledged', ({ counts }) => counts.acks >= 20_000);
  const now = await sim.state();
  const still = (number) => now.connections.some((connection) => connection.number === number);
  assert.ok(still(steady.number) && still(flooded.number));
  assert.equal(now.phones.find(({ number }) => number === steady.number).companions[0].logins, 1);
  await until('the refusal is told', async () => (await ponted.instance('failing')).reason?.code === 'SERVER_ERROR');
  await ponted.remove('hanging');
  await waiting;
});
