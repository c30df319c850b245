// Proxies that do not do their work: each way has its code, nothing goes out beside them, and the next connect works.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { listen } from '../support/node/listen.mjs';
import { until } from '../support/node/process.mjs';
import { startWatched } from '../support/node/watched.mjs';

const credentials = { username: 'branch-7', password: 'Sesame: open, wide 9!' };
const encoded = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
const protocols = ['http', 'socks5'];

/** A failed connect: the contract's 500 and this code; nothing has reached the simulator. */
async function assertFails(watched, name, code) {
  const answer = await watched.ponted.connect(name);
  assert.equal(answer.status, 500, JSON.stringify(answer.body));
  assert.equal(answer.body.error.message, 'Failed to generate QR code');
  assert.equal(answer.body.error.code, code, JSON.stringify(answer.body));
  const item = await watched.ponted.reached(name, 'disconnected');
  assert.equal(item.reason.code, code);
  await assertNothingWentOut(watched);
  return answer.body.error;
}

async function assertNothingWentOut({ door, sim }) {
  assert.equal(door.taken, 0, 'nothing goes around the proxy');
  assert.equal((await sim.state()).counts.connections, 0, 'nothing came by it');
}

/** With a proxy that works the same instance is linked. */
async function assertLinksThrough(watched, name, proxy) {
  assert.equal((await watched.setProxy(name, proxy.fields)).status, 200);
  proxy.requests.length = 0;
  await watched.pair(name);
  assert.deepEqual(proxy.requests, watched.requests(proxy, 2));
  assert.equal((await watched.counts()).connections, 2);
  assert.equal(watched.door.taken, 0);
  watched.assertUnsaid(credentials);
}

/** What is set in place of the working proxy's fields, or done to it; network trouble gets two more tries. */
const cases = [
  {
    name: 'a wrong password',
    code: 'PROXY_AUTH_FAILED',
    fields: { password: 'Sesame: shut' },
    says: /refused our credentials/,
    denied: 1,
  },
  {
    name: 'no credentials',
    code: 'PROXY_AUTH_FAILED',
    fields: { username: undefined, password: undefined },
    says: /wants credentials/,
    denied: 1,
  },
  {
    name: 'a target that is not allowed',
    code: 'PROXY_REFUSED',
    // Its words are those that it was sent, which is nothing to be told: in the clear, and in base64.
    spoil: (proxy) => proxy.refuse({ http: 403, socks5: 2 }[proxy.protocol], `${credentials.password} ${encoded}`),
    says: /refused to connect to localhost:\d+/,
    requests: 1,
  },
  {
    name: 'a target that it does not reach',
    code: 'PROXY_REFUSED',
    spoil: (proxy) => proxy.refuse({ http: 502, socks5: 5 }[proxy.protocol]),
    says: /refused to connect to localhost:\d+/,
    requests: 3,
  },
];

describe('proxies that fail', { concurrency: 8 }, () => {
  for (const protocol of protocols) {
    // The limit of the call is not that of the dial, which is given up after 20 s.
    for (const limit of [2, 21]) {
      test(`${protocol}, it accepts and says nothing: connect answers at its limit of ${limit} s`, async (t) => {
        const watched = await startWatched(t, { PONTE_CONNECT_TIMEOUT: String(limit) });
        const proxy = await watched.proxy({ protocol, ...credentials });
        proxy.hang();
        await watched.ponted.create('sales');
        await watched.setProxy('sales', proxy.fields);
        const begun = Date.now();
        const { status, body } = await watched.ponted.connect('sales');
        const seconds = (Date.now() - begun) / 1000;
        assert.ok(seconds > limit - 0.5 && seconds < limit + 7, `it took ${seconds} s`);
        assert.equal(status, 500);
        assert.equal(body.error.code, 'CONNECT_TIMEOUT');
        const silence = `proxy ${proxy.name} has not answered whether it connects to localhost:${watched.door.port}`;
        if (limit > 20) {
          assert.ok(body.error.details.endsWith(`; last: connecting timed out: ${silence}`), body.error.details);
          await until('the second dial is under way', () => proxy.connections === 2 && proxy.open === 1);
          proxy.cut();
        }
        const { reason } = await watched.ponted.reached('sales', 'disconnected');
        assert.equal(reason.code, 'PROXY_UNREACHABLE');
        if (limit < 20) assert.ok(reason.message.includes(silence), reason.message);
        await assertNothingWentOut(watched);
        proxy.serve();
        await assertLinksThrough(watched, 'sales', proxy);
      });
    }
  }

  test('a working proxy in place of one that hangs frees the call that waits', async (t) => {
    const watched = await startWatched(t);
    const hanging = await watched.proxy({ protocol: 'socks5' });
    const working = await watched.proxy({ protocol: 'http' });
    hanging.hang();
    await watched.ponted.create('sales');
    await watched.setProxy('sales', hanging.fields);
    const waiting = watched.ponted.connect('sales');
    await until('the proxy is asked', () => hanging.connections === 1);
    await watched.setProxy('sales', working.fields);
    const { body } = await waiting;
    assert.equal(body.status, 'qr', JSON.stringify(body));
    assert.equal(hanging.connections, 1);
    assert.equal(watched.door.taken, 0);
  });

  for (const protocol of protocols) {
    for (const { name, code, fields, spoil, says, denied = 0, requests = 0 } of cases) {
      test(`${protocol}, ${name}: ${code}`, async (t) => {
        const watched = await startWatched(t);
        const proxy = await watched.proxy({ protocol, ...credentials });
        spoil?.(proxy);
        await watched.ponted.create('sales');
        await watched.setProxy('sales', { ...proxy.fields, ...fields });
        const { details } = await assertFails(watched, 'sales', code);
        assert.ok(details.startsWith(`proxy ${proxy.name} `), details);
        assert.match(details, says);
        if (denied) assert.deepEqual([proxy.denied, proxy.requests], [denied, []], 'another try would end alike');
        if (requests) assert.deepEqual(proxy.requests, watched.requests(proxy, requests));
        proxy.serve();
        await assertLinksThrough(watched, 'sales', proxy);
        if (fields?.password) watched.assertUnsaid({ ...credentials, ...fields });
      });
    }

    test(`${protocol}, nobody listens: PROXY_UNREACHABLE`, async (t) => {
      const watched = await startWatched(t);
      const gone = await watched.proxy({ protocol, ...credentials });
      await gone.close();
      await watched.ponted.create('sales');
      await watched.setProxy('sales', gone.fields);
      const { details } = await assertFails(watched, 'sales', 'PROXY_UNREACHABLE');
      assert.ok(details.startsWith(`proxy ${gone.name} cannot be used: `), details);
      await watched.setProxy('sales', { enabled: false });
      await watched.pair('sales');
      assert.equal(watched.door.taken, 2, 'without a proxy it goes out directly, to pair and to log in');
      watched.assertUnsaid(credentials);
    });

    test(`${protocol}, what listens is no proxy: PROXY_UNREACHABLE`, async (t) => {
      const watched = await startWatched(t);
      const { port, close } = await listen((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
      t.after(close);
      await watched.ponted.create('sales');
      const proxy = { enabled: true, protocol, host: '127.0.0.1', port: String(port), ...credentials };
      await watched.setProxy('sales', proxy);
      await assertFails(watched, 'sales', 'PROXY_UNREACHABLE');
      await assertLinksThrough(watched, 'sales', await watched.proxy({ protocol, ...credentials }));
    });

    test(`${protocol}: behind a name that only the proxy knows the certificate is checked all the same`, async (t) => {
      const watched = await startWatched(t, { PONTE_WHATSAPP_URL: 'wss://web.ponte-test.invalid/ws/chat' });
      const hosts = { 'web.ponte-test.invalid': watched.simPort };
      const proxy = await watched.proxy({ protocol, hosts, ...credentials });
      await watched.ponted.create('sales');
      await watched.setProxy('sales', proxy.fields);
      const { details } = await assertFails(watched, 'sales', 'TLS_UNTRUSTED');
      assert.match(details, /web\.ponte-test\.invalid/);
      const asked = { protocol, host: 'web.ponte-test.invalid', port: 443, user: credentials.username };
      assert.deepEqual(proxy.requests, [asked]);
      assert.ok(proxy.bytes.toClient > 500, 'the simulator has shown its certificate');
      watched.assertUnsaid(credentials);
    });

    test(`${protocol}: a certificate of an unknown root is refused behind the proxy as well`, async (t) => {
      const watched = await startWatched(t, { PONTE_WHATSAPP_CA_FILE: undefined });
      const proxy = await watched.proxy({ protocol });
      await watched.ponted.create('sales');
      await watched.setProxy('sales', proxy.fields);
      await assertFails(watched, 'sales', 'TLS_UNTRUSTED');
      assert.deepEqual(proxy.requests, watched.requests(proxy, 1));
    });
  }
});
