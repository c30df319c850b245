// Instances behind proxies: everything goes through them, whatever happens, and nothing beside them.
import assert from 'node:assert/strict';
import http from 'node:http';
import test from 'node:test';
import { until } from '../support/node/process.mjs';
import { startWatched } from '../support/node/watched.mjs';

const credentials = { username: 'branch-7', password: 'Sesame: open, wide 9!' };
const protocols = ['http', 'socks5'];

/** Waits until the instance is kept down by this and says when it tries again; gives its item. */
function reasonOf(ponted, name, code) {
  return until(`${name} is down by ${code}`, async () => {
    const item = await ponted.instance(name);
    return item.reason?.code === code && item.reason.retryAt && item;
  });
}

for (const protocol of protocols) {
  test(`${protocol}: an account is linked and logs in through the proxy, which looks the name up`, async (t) => {
    const watched = await startWatched(t);
    const { ponted, door } = watched;
    const proxy = await watched.proxy({ protocol, ...credentials });
    await ponted.create('sales');
    const shown = { enabled: true, protocol, host: '127.0.0.1', port: String(proxy.port), username: 'branch-7' };
    const set = await watched.setProxy('sales', proxy.fields);
    assert.equal(set.status, 200, JSON.stringify(set.body));
    assert.equal(set.body.message, 'Proxy configuration updated successfully');
    assert.deepEqual(set.body.proxy, shown);
    await watched.pair('sales');
    assert.deepEqual(proxy.requests, watched.requests(proxy, 2), 'one to pair, one to log in after the 515');
    assert.equal((await watched.counts()).connections, 2);
    assert.ok(proxy.bytes.toTarget > 1000 && proxy.bytes.toClient > 1000, JSON.stringify(proxy.bytes));
    assert.equal(door.taken, 0);
    const got = await ponted.request('GET', '/api/instance/getProxy/sales');
    assert.equal(got.body.message, 'Proxy configuration retrieved successfully');
    assert.deepEqual(got.body.proxy, shown);
    assert.deepEqual((await ponted.instance('sales')).proxy, shown);
    watched.assertUnsaid(credentials);
  });

  test(`${protocol}: a linked instance whose proxy goes away waits for it`, async (t) => {
    const watched = await startWatched(t);
    const { ponted, door } = watched;
    const proxy = await watched.proxy({ protocol, ...credentials });
    await ponted.create('sales');
    await watched.setProxy('sales', proxy.fields);
    await watched.pair('sales');
    const { connections, logins } = await watched.counts();
    await until('the tunnel of the pairing is gone', () => proxy.open === 1);
    proxy.refuse();
    proxy.cut();
    const { connection, reason } = await reasonOf(ponted, 'sales', 'PROXY_REFUSED');
    assert.notEqual(connection.state, 'connected');
    assert.match(reason.message, new RegExp(`^proxy ${proxy.name} refused to connect to localhost:`));
    assert.ok(Date.parse(reason.retryAt) >= Date.parse(connection.since), JSON.stringify(reason));
    const asked = await ponted.request('POST', '/api/instance/reconnect/sales');
    assert.equal(asked.status, 500, JSON.stringify(asked.body));
    assert.equal(asked.body.error.code, 'PROXY_REFUSED');
    assert.match(asked.body.error.message, /^Failed to reconnect: proxy /);
    assert.equal((await watched.counts()).connections, connections, 'it got nowhere');

    const refused = proxy.requests.length;
    proxy.serve();
    const back = await ponted.reached('sales', 'connected');
    assert.equal(back.reason, undefined);
    const counts = await watched.counts();
    assert.equal(counts.logins, logins + 1);
    assert.equal(counts.connections, connections + 1);
    assert.deepEqual(proxy.requests, watched.requests(proxy, refused + 1));
    assert.equal(door.taken, 0);
    watched.assertUnsaid(credentials);
  });
}

test('a linked instance whose proxy is no longer there comes back by a new one', async (t) => {
  const watched = await startWatched(t);
  const { ponted, door } = watched;
  const proxy = await watched.proxy(credentials);
  await ponted.create('sales');
  await watched.setProxy('sales', proxy.fields);
  await watched.pair('sales');
  await proxy.close();
  await reasonOf(ponted, 'sales', 'PROXY_UNREACHABLE');
  const other = await watched.proxy({ protocol: 'socks5' });
  await watched.setProxy('sales', other.fields);
  await ponted.reached('sales', 'connected');
  assert.deepEqual(other.requests, watched.requests(other, 1));
  assert.equal((await watched.counts()).connections, 3);
  assert.equal(door.taken, 0);
});

test('a proxy that was set stands after a crash and after an orderly end, and is used', async (t) => {
  const watched = await startWatched(t);
  const proxy = await watched.proxy({ protocol: 'socks5', ...credentials });
  await watched.ponted.create('sales');
  const { body } = await watched.setProxy('sales', proxy.fields);
  await watched.restart('SIGKILL');
  assert.deepEqual(await watched.proxyOf('sales'), body.proxy, 'what was answered is on disk');
  await watched.pair('sales');
  let connections = 2;
  for (const signal of ['SIGKILL', 'SIGTERM']) {
    const ponted = await watched.restart(signal);
    await ponted.reached('sales', 'connected');
    connections++;
    assert.equal((await watched.counts()).connections, connections);
    assert.deepEqual(proxy.requests, watched.requests(proxy, connections));
    assert.deepEqual(await watched.proxyOf('sales'), body.proxy);
  }
  proxy.refuse();
  const ponted = await watched.restart('SIGKILL');
  await reasonOf(ponted, 'sales', 'PROXY_REFUSED');
  assert.equal((await watched.counts()).connections, connections);
  proxy.serve();
  await ponted.reached('sales', 'connected');
  assert.equal((await watched.counts()).connections, connections + 1);
  assert.equal(watched.door.taken, 0);
  watched.assertUnsaid(credentials);
});

test('a proxy that was changed or removed counts from the next connection on', async (t) => {
  const watched = await startWatched(t);
  const { ponted, door } = watched;
  const first = await watched.proxy({ protocol: 'http' });
  const second = await watched.proxy({ protocol: 'socks5' });
  await ponted.create('sales');
  await watched.setProxy('sales', first.fields);
  await watched.pair('sales');
  await watched.setProxy('sales', second.fields);
  assert.equal((await ponted.instance('sales')).connection.state, 'connected');
  assert.deepEqual(second.requests, [], 'the connection that stands is left alone');
  await watched.sim.admin('drop', {});
  await watched.sim.until('it has logged in again', ({ counts }) => counts.logins === 2);
  assert.deepEqual(first.requests, watched.requests(first, 2));
  assert.deepEqual(second.requests, watched.requests(second, 1));

  const removed = await watched.setProxy('sales', { enabled: false });
  assert.equal(removed.status, 200, JSON.stringify(removed.body));
  assert.equal(removed.body.message, 'Proxy removed');
  const none = { enabled: false, host: null, port: null, protocol: null, username: null };
  assert.deepEqual(removed.body.proxy, none);
  assert.deepEqual(await watched.proxyOf('sales'), none);
  await ponted.reached('sales', 'connected');
  assert.equal((await ponted.request('POST', '/api/instance/reconnect/sales')).status, 200);
  await watched.sim.until('it has logged in directly', ({ counts }) => counts.logins === 3);
  assert.equal(door.taken, 1, 'now, and not before');
  assert.equal(second.requests.length, 1);
});

test('PONTE_PROXY is for every instance without a proxy of its own', async (t) => {
  const watched = await startWatched(t);
  const common = await watched.proxy({ protocol: 'http', ...credentials });
  const own = await watched.proxy({ protocol: 'socks5' });
  await watched.ponted.stop();
  const ponted = await watched.start({ ...watched.env, PONTE_PROXY: common.url });
  for (const name of ['common', 'own']) await ponted.create(name);
  await watched.setProxy('own', own.fields);
  for (const name of ['common', 'own']) await watched.pair(name);
  assert.deepEqual(common.requests, watched.requests(common, 2));
  assert.deepEqual(own.requests, watched.requests(own, 2));
  assert.equal((await watched.proxyOf('common')).enabled, false, 'it has none of its own');

  own.refuse();
  own.cut();
  await reasonOf(ponted, 'own', 'PROXY_REFUSED');
  assert.deepEqual(common.requests, watched.requests(common, 2), 'the common one is no way around');
  await watched.setProxy('own', { enabled: false });
  await ponted.request('POST', '/api/instance/reconnect/own');
  await ponted.reached('own', 'connected');
  assert.deepEqual(common.requests, watched.requests(common, 3));
  assert.equal(watched.door.taken, 0);
  watched.assertUnsaid(credentials);
});

test('what is unlinked is not unlinked around a proxy that refuses', async (t) => {
  const watched = await startWatched(t);
  const { ponted, door } = watched;
  const proxy = await watched.proxy({ protocol: 'http', ...credentials });
  for (const name of ['logout', 'removal']) {
    proxy.serve();
    await ponted.create(name);
    await watched.setProxy(name, proxy.fields);
    await watched.pair(name);
    proxy.refuse();
    proxy.cut();
    await reasonOf(ponted, name, 'PROXY_REFUSED');
    const { connections } = await watched.counts();
    const path = name === 'logout' ? 'logout' : 'delete';
    const done = await ponted.request('DELETE', `/api/instance/${path}/${name}`);
    assert.equal(done.status, 200, JSON.stringify(done.body));
    if (name === 'logout') assert.equal(done.body.unlinked, false);
    assert.equal((await watched.counts()).connections, connections);
  }
  assert.equal(door.taken, 0);
});

test('an instance is born with its proxy', async (t) => {
  const watched = await startWatched(t);
  const { ponted, door } = watched;
  const proxy = await watched.proxy({ protocol: 'socks5', ...credentials });
  const { protocol, host, port, username, password } = proxy.fields;
  const fields = { proxyProtocol: protocol, proxyHost: host, proxyPort: port, proxyUsername: username };
  const made = await ponted.create('sales', { proxyEnabled: true, ...fields, proxyPassword: password });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  assert.deepEqual(made.body.instance.proxy, { enabled: true, protocol, host, port, username });
  await watched.pair('sales');
  assert.deepEqual(proxy.requests, watched.requests(proxy, 2));
  assert.equal(door.taken, 0);
  const without = await ponted.create('direct', { proxyEnabled: false, ...fields, proxyPassword: password });
  assert.equal(without.body.instance.proxy.enabled, false);
  watched.assertUnsaid(credentials);
});

/** A page that names a newer client, as WhatsApp's does: its URL, what a proxy must know, and how often it was read. */
async function startPage(t) {
  const server = http.createServer((request, response) => {
    page.hits++;
    response.end('self.__d={\\"client_revision\\":1099999999,\\"x\\":1}');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { port } = server.address();
  const page = { hits: 0, port, url: `http://localhost:${port}/sw.js`, hosts: { [`localhost:${port}`]: port } };
  return page;
}

for (const protocol of protocols) {
  test(`${protocol}: an outdated client reads of a newer one through the proxy, and gets in with it`, async (t) => {
    const page = await startPage(t);
    // Pinned, it is looked for only where the server refuses it.
    const env = { PONTE_WHATSAPP_VERSION_URL: page.url, PONTE_WHATSAPP_VERSION: '2.3000.1012345678' };
    const watched = await startWatched(t, env);
    const { ponted, sim, door } = watched;
    const proxy = await watched.proxy({ protocol, hosts: page.hosts, ...credentials });
    await ponted.create('sales');
    await watched.setProxy('sales', proxy.fields);
    await watched.pair('sales');
    assert.equal(page.hits, 0);
    await sim.fail({ failure: { reason: 405 }, next: 1 });
    await sim.admin('drop', {});
    const state = await sim.until('it has logged in again', (now) => now.counts.logins === 2 && now);
    assert.equal(state.phones[0].companions[0].version, '2.3000.1099999999');
    assert.equal(state.counts.loginsRefused, 1);
    assert.equal(state.counts.connections, 4, 'to pair, to log in, in vain, with the newer one');
    await ponted.reached('sales', 'connected');
    assert.equal(page.hits, 1);
    const [, , , looked] = proxy.requests;
    assert.deepEqual(looked, { protocol, host: 'localhost', port: page.port, user: 'branch-7' });
    assert.equal(proxy.requests.length, 5);
    assert.equal(door.taken, 0);
    watched.assertUnsaid(credentials);
  });
}

test('the daily look for a newer client goes through the proxy, or nowhere', async (t) => {
  const page = await startPage(t);
  const watched = await startWatched(t, { PONTE_WHATSAPP_VERSION_URL: page.url });
  const proxy = await watched.proxy({ protocol: 'http', hosts: page.hosts });
  await watched.ponted.create('sales');
  await watched.setProxy('sales', proxy.fields);
  proxy.refuse();
  assert.equal((await watched.ponted.connect('sales')).body.error.code, 'PROXY_REFUSED');
  await until('the look was refused too', () => proxy.requests.some(({ port }) => port === page.port));
  assert.equal(page.hits, 0);

  proxy.serve();
  const ponted = await watched.restart();
  assert.equal((await ponted.connect('sales')).body.status, 'qr');
  await until('the page is read', () => page.hits === 1);
  assert.equal(watched.door.taken, 0);
});
