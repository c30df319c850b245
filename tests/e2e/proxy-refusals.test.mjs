// Proxies that are not taken: what is wrong is named, and the one from before still stands.
import assert from 'node:assert/strict';
import test from 'node:test';
import { listen } from '../support/node/listen.mjs';
import { assertError, startPonted, temporaryFolder } from '../support/node/ponted.mjs';
import { until } from '../support/node/process.mjs';
import { startWatched } from '../support/node/watched.mjs';

const long = (size) => 'u'.repeat(size);
const http = { enabled: true, protocol: 'http', host: 'proxy.example', port: '3128' };
const socks5 = { ...http, protocol: 'socks5' };
const invalid = 'Invalid proxy configuration';
const malformed = 'Invalid request body';

/** Bodies, and what `error.details` says of each. */
const rows = [
  ['', malformed, /^expected a JSON object/],
  ['{"enabled":true', malformed, /^expected a JSON object/],
  ['[]', malformed, /^expected a JSON object, got array/],
  ['{"enabled":true,"enabled":false}', malformed, /^the key "enabled" comes twice/],
  [{}, malformed, /^enabled: expected true, or false/],
  [{ ...http, enabled: undefined }, malformed, /^enabled: expected true, or false/],
  [{ ...http, enabled: null }, malformed, /^enabled: expected true, or false/],
  [{ ...http, enabled: 'true' }, malformed, /^enabled: expected a boolean, got string/],
  [{ ...http, enabled: 1 }, malformed, /^enabled: expected a boolean, got number/],
  [{ ...http, protocol: 5 }, malformed, /^protocol: expected a string, got number/],
  [{ ...http, host: ['proxy.example'] }, malformed, /^host: expected a string, got array/],
  [{ ...http, port: 3128 }, malformed, /^port: expected a string, got number/],
  [{ ...http, username: true }, malformed, /^username: expected a string, got boolean/],
  [{ ...http, username: 'u', password: 1234 }, malformed, /^password: expected a string, got number/],
  [{ enabled: false, port: 3128 }, malformed, /^port: expected a string, got number/],

  [{ enabled: true }, invalid, /^proxy protocol: expected http, https or socks5/],
  [{ ...http, protocol: 'HTTP' }, invalid, /^proxy protocol: expected http, https or socks5/],
  [{ ...http, protocol: 'socks4' }, invalid, /^proxy protocol: expected http, https or socks5/],
  [{ ...http, protocol: 'direct' }, invalid, /^proxy protocol: expected http, https or socks5/],

  ...[undefined, '', '0', '65536', '99999999999', '-1', '+80', '80a', ' 80', '80 ', '0x50', '8.0'].map((port) => [
    { ...http, port },
    invalid,
    /^proxy port: expected a number from 1 to 65535, as text/,
  ]),

  ...[undefined, '', 'proxy example', 'http://proxy.example', 'proxy.example/', 'u@proxy.example', 'proxy.example:80',
    'pröxy.example', 'proxy\r\nX: y', '[::1', '[proxy.example]x', `${long(254)}`, 'fe80::1%lo'].map((host) => [
    { ...http, host },
    invalid,
    /^proxy host: .*expected (a host name or address|an IPv6 address|a port|\] after the address)/,
  ]),

  [{ ...http, username: 'a:b', password: 'p' }, invalid, /^proxy username and password: .*no colon in the user/],
  [{ ...http, username: 'a\r\nX: y', password: 'p' }, invalid, /^proxy username and password: .*control characters/],
  [{ ...http, username: 'a', password: 'p\n' }, invalid, /^proxy username and password: .*control characters/],
  [{ ...http, username: long(1025), password: 'p' }, invalid, /^proxy username and password: .*at most 1024 bytes/],
  [{ ...http, username: 'u', password: long(1025) }, invalid, /^proxy username and password: .*at most 1024 bytes/],
  [{ ...socks5, password: 'p' }, invalid, /^proxy username and password: .*no password without a user/],
  [{ ...socks5, username: 'a\0b', password: 'p' }, invalid, /^proxy username and password: .*without NUL/],
  [{ ...socks5, username: long(256), password: 'p' }, invalid, /^proxy username and password: .*255 bytes/],
  [{ ...socks5, username: 'u', password: long(256) }, invalid, /^proxy username and password: .*255 bytes/],
];

/** A ponted alone: nothing is dialed here. */
async function start(t) {
  const ponted = await startPonted({ dataDir: await temporaryFolder(t) });
  t.after(() => ponted.stop('SIGKILL'));
  const { body } = await ponted.create('sales');
  const set = (fields, options = {}) =>
    ponted.request('POST', '/api/instance/proxy/sales', { body: fields, ...options });
  const shown = async () => (await ponted.request('GET', '/api/instance/getProxy/sales')).body.proxy;
  return { ponted, token: body.instance.token, set, shown };
}

function assertRefused(answer, message, details) {
  const error = assertError(answer, 400, message, message === invalid ? 'INVALID_PROXY' : 'INVALID_REQUEST');
  assert.match(error.details, details);
}

test('a body that is none is refused by field and rule, and the earlier proxy stands', async (t) => {
  const { set, shown } = await start(t);
  const before = (await set({ ...socks5, username: 'old', password: 'kept' })).body.proxy;
  assert.equal(before.enabled, true);
  for (const [body, message, details] of rows) {
    const answer = await set(body);
    assertRefused(answer, message, details);
    assert.deepEqual(await shown(), before, JSON.stringify(body));
  }
});

test('what a refusal says has no password', async (t) => {
  const { set } = await start(t);
  const password = 'Sesame-open-wide';
  const wrongs = [{ protocol: 'x' }, { host: 'a b' }, { port: '0' }, { username: 'a:b' }, { username: 'a\n' }];
  for (const wrong of [...wrongs, { enabled: 1 }]) {
    const answer = await set({ ...http, username: 'u', password, ...wrong });
    assert.equal(answer.status, 400);
    assert.ok(!JSON.stringify(answer.body).includes(password), JSON.stringify(answer.body));
  }
});

test('the longest that is allowed is taken', async (t) => {
  const { set } = await start(t);
  const host = `${long(63)}.${long(63)}.${long(63)}.${long(61)}`;
  for (const fields of [
    { ...http, host, port: '65535', username: long(1024), password: long(1024) },
    { ...socks5, host, port: '1', username: long(255), password: long(255) },
    { ...http, host: '[2001:4860:4860::8888]', port: '00080' },
  ]) {
    const answer = await set(fields);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.equal(answer.body.proxy.host, fields.host.replace(/[[\]]/g, ''));
    assert.equal(answer.body.proxy.port, String(Number(fields.port)));
  }
});

test('an instance is not made with a proxy that is wrong', async (t) => {
  const { ponted } = await start(t);
  for (const [fields, details] of [
    [{}, /^proxy protocol: /],
    [{ proxyProtocol: 'http' }, /^proxy port: /],
    [{ proxyProtocol: 'http', proxyPort: '80' }, /^proxy host: /],
    [{ proxyProtocol: 'socks5', proxyHost: 'a.example', proxyPort: '80', proxyPassword: 'p' }, /^proxy username and/],
  ]) {
    assertRefused(await ponted.create('second', { proxyEnabled: true, ...fields }), invalid, details);
  }
  assertRefused(await ponted.create('second', { proxyEnabled: 'yes' }), malformed, /^proxyEnabled: expected a boolean/);
  assert.equal((await ponted.request('GET', '/api/instance/list?instanceName=second')).status, 404);
});

const privates = {
  loopback: ['127.0.0.1', '127.200.0.9', '::1', '[::1]', '::ffff:127.0.0.1'],
  private: ['10.0.0.1', '172.16.0.1', '192.168.1.1', 'fd00::1'],
};

test('with an instance token a proxy in private ranges is refused, the account may name it', async (t) => {
  const { set, shown, token } = await start(t);
  const asInstance = { token };
  const before = (await set({ ...http, host: '8.8.8.8' }, asInstance)).body.proxy;
  assert.equal(before.host, '8.8.8.8');
  const others = ['169.254.169.254', 'fe80::1', '0.0.0.0', '100.64.0.1', '224.0.0.1', '::'];
  for (const host of [...privates.loopback, ...privates.private, ...others]) {
    const answer = await set({ ...http, host }, asInstance);
    assertRefused(answer, invalid, /^proxy host: with an instance token expected a public address, got a \S/);
    assert.deepEqual(await shown(), before, host);
  }
  for (const host of [...privates.loopback, ...privates.private]) {
    const answer = await set({ ...http, host });
    assert.equal(answer.status, 200, `${host}: ${JSON.stringify(answer.body)}`);
  }
  const setByAccount = await shown();
  assert.equal((await set({ ...http, host: '10.0.0.1' }, asInstance)).status, 400);
  assert.deepEqual(await shown(), setByAccount);
  assert.equal((await set({ enabled: false }, asInstance)).body.message, 'Proxy removed');
});

// Names that lead to this machine, one of them an address to nobody but the system.
for (const host of ['localhost', '127.1']) {
  test(`with an instance token the private proxy behind ${host} is found out when it is dialed`, async (t) => {
    let looks = 0;
    const page = await listen(() => looks++);
    t.after(page.close);
    const url = `http://127.0.0.1:${page.port}/sw.js`;
    const watched = await startWatched(t, { PONTE_WHATSAPP_VERSION_URL: url });
    const { ponted } = watched;
    const proxy = await watched.proxy();
    const { token } = (await ponted.create('sales')).body.instance;
    assert.equal((await watched.setProxy('sales', { ...proxy.fields, host }, { token })).status, 200);
    const answer = await ponted.connect('sales');
    assert.equal(answer.status, 500, JSON.stringify(answer.body));
    assert.equal(answer.body.error.message, 'Failed to generate QR code');
    assert.equal(answer.body.error.code, 'PROXY_NOT_ALLOWED');
    assert.match(answer.body.error.details, / is not allowed: \S+ is a loopback address$/);
    assert.equal((await ponted.reached('sales', 'disconnected')).reason.code, 'PROXY_NOT_ALLOWED');
    await until('the daily look for a newer client has failed', () =>
      ponted.process.stderr.includes('the client version could not be fetched'));
    assert.deepEqual([proxy.connections, watched.door.taken, looks], [0, 0, 0], 'not so much as a packet');

    assert.equal((await watched.setProxy('sales', { ...proxy.fields, host })).status, 200);
    await watched.pair('sales');
    assert.deepEqual(proxy.requests, watched.requests(proxy, 2), 'the account token may');
    assert.equal(watched.door.taken, 0);
  });
}

test('PONTE_ALLOW_PRIVATE_PROXIES: an instance token may name them too', async (t) => {
  const watched = await startWatched(t, { PONTE_ALLOW_PRIVATE_PROXIES: 'true' });
  const { ponted } = watched;
  const proxy = await watched.proxy({ protocol: 'socks5' });
  for (const host of ['127.0.0.1', 'localhost']) {
    const { token } = (await ponted.create(`by-${host.replaceAll('.', '-')}`)).body.instance;
    const name = (await ponted.request('GET', '/api/instance/list', { token })).body.instances[0].name;
    const set = await watched.setProxy(name, { ...proxy.fields, host }, { token });
    assert.equal(set.status, 200, JSON.stringify(set.body));
    await watched.pair(name);
  }
  assert.deepEqual(proxy.requests, watched.requests(proxy, 4));
  assert.equal(watched.door.taken, 0);
});

test('an instance token sets the proxy of its own instance and of no other', async (t) => {
  const { ponted, token, shown } = await start(t);
  await ponted.create('other');
  const before = await shown();
  for (const path of ['/api/instance/proxy/other', '/api/instance/getProxy/other', '/api/instance/proxy/nobody']) {
    const method = path.includes('get') ? 'GET' : 'POST';
    const body = method === 'POST' ? { ...http, host: '8.8.8.8' } : undefined;
    assert.equal((await ponted.request(method, path, { token, body })).status, 401, path);
    assert.equal((await ponted.request(method, path, { token: null, body })).status, 401, path);
  }
  assert.equal((await ponted.request('POST', '/api/instance/proxy/nobody', { body: http })).status, 404);
  assert.equal((await ponted.request('GET', '/api/instance/getProxy/nobody')).status, 404);
  assert.deepEqual(await shown(), before);
});
