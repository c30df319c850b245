// The API description is what the program answers: every answer of these runs is held against it.
import assert from 'node:assert/strict';
import test from 'node:test';
import { needsAjv, readContract } from '../support/node/contract.mjs';
import { startDemanding } from '../support/node/demanding.mjs';
import { startService } from '../support/node/service.mjs';

const problem = { headers: { accept: 'application/problem+json' } };

async function startHeld(t, options) {
  const service = await startService(t, options);
  const contract = await readContract(service.ponted);
  contract.hear(service.ponted);
  return { ...service, service, contract };
}

/** That these answers were given and held, each `METHOD template status`. */
function assertSeen(contract, answers) {
  for (const each of answers) assert.ok(contract.seen.has(each), `${each} was not among ${[...contract.seen]}`);
}

test('the description: every schema compiles, every request that the contract takes is one', needsAjv(), async (t) => {
  const { contract } = await startHeld(t);
  contract.compileAll();
  const operations = Object.values(contract.document.paths).flatMap((methods) => Object.values(methods));
  const ids = operations.map(({ operationId }) => operationId);
  assert.equal(new Set(ids).size, ids.length, 'each id once');
  assert.equal(contract.document.info.title, 'Ponte');
  const accepts = (body) => contract.accepts('POST', '/api/instance/new', body);
  assert.ok(accepts({ name: 'sales' }));
  assert.ok(accepts({ name: 'sales', token: null, ignoreStatus: true, something: [1], webhookEvents: ['a'] }));
  assert.ok(accepts({ name: 'a', proxyEnabled: true, proxyProtocol: 'http', proxyHost: 'p', proxyPort: '1' }));
  for (const bad of [{}, { name: 'a b' }, { name: 'a', ignoreStatus: 'yes' }, { name: 'a', proxyEnabled: true }]) {
    assert.ok(!accepts(bad), JSON.stringify(bad));
  }
  const changes = (body) => contract.accepts('POST', '/api/instance/settings/{instance}', body);
  assert.ok(changes({ ignoreStatus: false, autoReadMessages: null }));
  for (const none of [{}, { ignoreStatus: null }, { other: 1 }]) assert.ok(!changes(none), JSON.stringify(none));
});

test('an answer that the description does not allow is found', needsAjv(), async (t) => {
  const { contract, ponted } = await startHeld(t);
  await ponted.create('sales');
  const list = await ponted.request('GET', '/api/instance/list');
  const with_ = (change) => {
    const answer = { ...list, body: structuredClone(list.body) };
    change(answer, answer.body.instances[0]);
    return () => contract.check('GET', '/api/instance/list', answer);
  };
  assert.doesNotThrow(with_(() => {}));
  assert.throws(with_((_, item) => (item.numberJid = 7)), /numberJid/);
  assert.throws(with_((_, item) => (item.settings.ignoreStatus = null)), /ignoreStatus/);
  assert.throws(with_((_, item) => (item.connection.state = 'asleep')), /state/);
  assert.throws(with_((_, item) => (item.createdAt = 'yesterday')), /createdAt/);
  assert.throws(with_((_, item) => delete item.proxy), /proxy/);
  assert.throws(with_((_, item) => (item.more = 1)), /additional/);
  assert.throws(with_((answer) => (answer.status = 409)), /not described/);
  assert.throws(with_((answer) => (answer.headers = new Headers({ 'content-type': 'text/html' }))), /text\/html/);
  assert.throws(() => contract.check('GET', '/api/instance/nothing', list), /not described/);
});

test('from new to delete, linked by QR', needsAjv(), async (t) => {
  const { ponted, sim, contract } = await startHeld(t);
  const call = (method, path, options) => ponted.request(method, path, options);
  await call('GET', '/health', { token: null });
  await call('GET', '/health?verbose');
  await call('GET', '/health?verbose', { token: null });
  await call('GET', '/metrics');
  const { body } = await ponted.create('sales', { keepOnlineStatus: true, callRejectMessage: 'later' });
  const { token } = body.instance;
  const { qrCode } = (await ponted.connect('sales', { token })).body;
  for (const form of ['svg', 'png', 'txt']) await call('GET', `/v1/instances/sales/qr.${form}`, { token });
  await sim.scan(qrCode);
  await ponted.reached('sales', 'connected');
  await ponted.connect('sales');
  await call('GET', '/api/instance/list', { token });
  await call('GET', '/v1/instances/sales');
  await call('GET', '/v1/instances/sales?wait=1&since=0', { token });
  await call('POST', '/v1/tickets', { token });
  await call('GET', '/ws/sales', { token });
  await call('GET', '/api/events/getWebsocket/sales', { token });
  await call('POST', '/api/events/websocket/sales', { token, body: { enabled: true, events: ['instance.state'] } });
  await call('GET', '/api/events/getWebsocket/sales', { token });
  await call('GET', '/ws/sales', { token });
  await call('GET', '/ws/sales', { token, headers: { origin: 'http://elsewhere.example' } });
  await call('POST', '/v1/tickets', { body: { instance: 'sales' } });
  await call('GET', '/api/instance/getSettings/sales', { token });
  await call('POST', '/api/instance/settings/sales', { token, body: { ignoreStatus: true, unknown: 1 } });
  await call('GET', '/api/instance/getProxy/sales', { token });
  const proxy = { enabled: true, protocol: 'socks5', host: 'proxy.example', port: '1080', username: 'u', password: 'p' };
  await call('POST', '/api/instance/proxy/sales', { token, body: proxy });
  await call('GET', '/api/instance/getProxy/sales', { token });
  await call('POST', '/api/instance/proxy/sales', { token, body: { enabled: false } });
  await call('POST', '/api/instance/reconnect/sales', { token });
  await ponted.reached('sales', 'connected');
  await call('DELETE', '/api/instance/logout/sales', { token });
  await ponted.connect('sales', { query: '?number=5511912345678' });
  await call('DELETE', '/api/instance/delete/sales');
  for (const path of ['/docs', '/docs/page.css', '/docs/nothing', '/openapi.json', '/nothing']) await call('GET', path);
  await call('PUT', '/health');
  const etag = (await call('GET', '/docs')).headers.get('etag');
  await call('GET', '/docs', { headers: { 'if-none-match': etag } });
  assertSeen(contract, [
    'GET /health 200',
    'GET /health 401',
    'GET /metrics 200',
    'GET /api/events/getWebsocket/{instance} 404',
    'GET /api/events/getWebsocket/{instance} 200',
    'POST /api/events/websocket/{instance} 200',
    'GET /ws/{instance} 400',
    'GET /ws/{instance} 403',
    'GET /ws/{instance} 426',
    'POST /api/instance/new 201',
    'GET /api/instance/connect/{instance} 200',
    'GET /v1/instances/{instance}/qr.svg 200',
    'GET /v1/instances/{instance}/qr.png 200',
    'GET /v1/instances/{instance}/qr.txt 200',
    'GET /api/instance/list 200',
    'GET /v1/instances/{instance} 200',
    'POST /v1/tickets 201',
    'GET /api/instance/getSettings/{instance} 200',
    'POST /api/instance/settings/{instance} 200',
    'GET /api/instance/getProxy/{instance} 200',
    'POST /api/instance/proxy/{instance} 200',
    'POST /api/instance/reconnect/{instance} 200',
    'DELETE /api/instance/logout/{instance} 200',
    'DELETE /api/instance/delete/{instance} 200',
    'GET /docs 200',
    'GET /docs/{file} 404',
    'PUT /health 405',
  ]);
});

test('refusals and failures, as the envelope and as problem+json', needsAjv(), async (t) => {
  const { ponted, sim, contract } = await startHeld(t);
  await ponted.create('sales');
  const refused = [
    ['POST', '/api/instance/new', { body: { name: 'a b' } }],
    ['POST', '/api/instance/new', { body: { name: 'sales' } }],
    ['POST', '/api/instance/new', { body: { name: 'x'.repeat(2 ** 20) } }],
    ['POST', '/api/instance/new', { body: { name: 'never' }, token: 'wrong' }],
    ['GET', '/api/instance/connect/', {}],
    ['GET', '/api/instance/connect/nobody', {}],
    ['GET', '/api/instance/connect/sales?history=0', {}],
    ['GET', '/api/instance/connect/sales%00', {}],
    ['GET', `/api/instance/connect/sales?code=${'A'.repeat(3000)}`, {}],
    ['GET', '/api/instance/list?instanceName=nobody', {}],
    ['GET', '/api/instance/list', { headers: { 'x-large': 'x'.repeat(17_000) } }],
    ['POST', '/api/instance/reconnect/sales', {}],
    ['POST', '/api/instance/settings/sales', { body: {} }],
    ['POST', '/api/instance/proxy/sales', { body: { enabled: true } }],
    ['DELETE', '/api/instance/delete/nobody', {}],
    ['GET', '/v1/instances/sales/passkey', {}],
    ['POST', '/v1/instances/sales/passkey', { body: {} }],
    ['POST', '/v1/instances/sales/passkey/confirm', {}],
    ['GET', '/v1/instances/sales/qr.svg', {}],
    ['GET', '/v1/instances/sales?wait=61', {}],
    ['GET', '/v1/instances/sales/events?events=nothing', {}],
    ['GET', '/v1/instances/nobody/events', {}],
    ['POST', '/v1/tickets', { body: { instance: 'nobody' } }],
    ['GET', '/api/nothing', {}],
    ['PATCH', '/api/instance/list', {}],
  ];
  for (const [method, target, options] of refused) {
    const plain = await ponted.request(method, target, options);
    assert.ok(plain.status >= 400, `${method} ${target.slice(0, 80)}: ${plain.status}`);
    // What is too large is refused before the rest has come: a target before any header, a header before the next.
    if (plain.status === 414) continue;
    const other = { ...options, headers: { ...problem.headers, ...options.headers } };
    const asProblem = await ponted.request(method, target, other);
    assert.equal(asProblem.status, plain.status);
    assert.match(asProblem.headers.get('content-type'), /^application\/problem\+json/);
  }
  await sim.fail({ chain: 'wrong-root' });
  assert.equal((await ponted.connect('sales')).status, 500);
  assert.equal((await ponted.connect('sales', problem)).status, 500);
  const { reason } = await ponted.instance('sales');
  assert.ok(reason, 'list shows why, and that is described too');
  assert.ok((await ponted.request('GET', '/v1/instances/sales')).body.state.reason);
  assertSeen(contract, [
    'POST /api/instance/new 400',
    'POST /api/instance/new 401',
    'POST /api/instance/new 409',
    'POST /api/instance/new 413',
    'GET /api/instance/connect/{instance} 400',
    'GET /api/instance/connect/{instance} 404',
    'GET /api/instance/connect/{instance} 414',
    'GET /api/instance/connect/{instance} 500',
    'GET /api/instance/list 431',
    'GET /v1/instances/{instance}/qr.svg 404',
  ]);
});

test('over the limit', needsAjv(), async (t) => {
  const { ponted, contract } = await startHeld(t, { env: { PONTE_RATE_LIMIT: '3', PONTE_CREATE_RATE_LIMIT: '1' } });
  for (let i = 0; i < 4; i++) await ponted.request('GET', '/api/instance/list');
  await ponted.create('a');
  await ponted.create('b');
  for (let i = 0; i < 4; i++) await ponted.request('GET', '/docs', { token: null });
  for (let i = 0; i < 9; i++) assert.equal((await ponted.request('GET', '/openapi.json', { token: null })).status, 200);
  assertSeen(contract, ['GET /api/instance/list 429', 'POST /api/instance/new 429', 'GET /docs 429']);
});

test('an account with a passkey', needsAjv(), async (t) => {
  const demanding = await startDemanding(t);
  const contract = await readContract(demanding.ponted);
  contract.hear(demanding.ponted);
  const demand = await demanding.demand('sales');
  assert.equal((await demanding.ponted.connect('sales')).status, 500);
  assert.equal((await demanding.submit('sales', { id: 'x' })).status, 400);
  await demanding.finish('sales', demand);
  assertSeen(contract, [
    'GET /v1/instances/{instance}/passkey 200',
    'POST /v1/instances/{instance}/passkey 400',
    'POST /v1/instances/{instance}/passkey 200',
    'POST /v1/instances/{instance}/passkey/confirm 200',
  ]);
});
