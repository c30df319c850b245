// The REST contract on the running program: tokens, refusals, limits.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { accountToken, assertError, pointedAt, startPonted, temporaryFolder } from '../support/node/ponted.mjs';
import { startSim } from '../support/node/sim.mjs';

let sim;
let dataDir;
let ponted;
let own;
let foreign;

before(async () => {
  sim = await startSim();
  dataDir = await mkdtemp(path.join(os.tmpdir(), 'ponte-api-'));
  ponted = await startPonted({ dataDir, env: pointedAt(sim) });
  own = (await ponted.create('own')).body.instance;
  foreign = (await ponted.create('foreign')).body.instance;
});
after(async () => {
  await ponted?.stop('SIGKILL');
  await sim?.stop();
  if (dataDir) await rm(dataDir, { recursive: true, force: true });
});

test('health needs no token and says what it checked', async () => {
  const answer = await ponted.request('GET', '/health', { token: null });
  assert.equal(answer.status, 200);
  assert.equal(answer.body.status, 'ok');
  assert.equal(answer.body.checks.db, 'ok');
  assert.equal(typeof answer.body.uptime, 'string');
});

const routes = [
  ['POST', '/api/instance/new'],
  ['GET', '/api/instance/connect/own'],
  ['GET', '/api/instance/connect/unknown'],
  ['GET', '/api/instance/list'],
  ['DELETE', '/api/instance/delete/own'],
];
for (const [method, target] of routes) {
  test(`${method} ${target} without a valid token is 401`, async () => {
    const body = method === 'POST' ? { name: 'never' } : undefined;
    assertError(await ponted.request(method, target, { token: null, body }), 401, 'Invalid token', 'INVALID_TOKEN');
    assertError(await ponted.request(method, target, { token: 'wrong', body }), 401, 'Invalid token', 'INVALID_TOKEN');
    assertError(await ponted.request(method, target, { token: '', body }), 401, 'Invalid token', 'INVALID_TOKEN');
    const query = await ponted.request(method, `${target}?token=${accountToken}`, { token: null, body });
    assertError(query, 401, 'Invalid token', 'INVALID_TOKEN');
  });
}

test('a token may come as Bearer', async () => {
  const answer = await ponted.request('GET', '/api/instance/list', {
    token: null,
    headers: { authorization: `Bearer ${accountToken}` },
  });
  assert.equal(answer.status, 200);
});

test('an instance token is good for its own instance only', async () => {
  const { token } = own;
  const list = await ponted.request('GET', '/api/instance/list?instanceName=foreign', { token });
  assert.equal(list.status, 200);
  assert.deepEqual(list.body.instances.map((item) => item.name), ['own'], 'the filter is ignored');
  assert.equal(list.body.instances[0].token, undefined, 'no token for it in the list');
  assert.equal(list.body.meta.total, 1);
  for (const target of ['/api/instance/connect/foreign', '/api/instance/connect/unknown']) {
    assertError(await ponted.request('GET', target, { token }), 401, 'Invalid token', 'INVALID_TOKEN');
  }
  assertError(await ponted.remove('own', { token }), 401, 'Invalid token', 'INVALID_TOKEN');
  const created = await ponted.request('POST', '/api/instance/new', { token, body: { name: 'never' } });
  assertError(created, 401, 'Invalid token', 'INVALID_TOKEN');
});

test('list: all, one, several, and what is not there', async () => {
  const all = await ponted.request('GET', '/api/instance/list');
  assert.equal(all.body.message, `${all.body.meta.total} Instances found`);
  assert.ok(all.body.instances.some((item) => item.name === 'own' && item.token === own.token));
  const one = await ponted.request('GET', '/api/instance/list?instanceName=own');
  assert.equal(one.body.message, '1 Instance found');
  const several = await ponted.request('GET', '/api/instance/list?instanceName=own,nobody,foreign');
  assert.deepEqual(several.body.instances.map((item) => item.name).sort(), ['foreign', 'own']);
  const none = await ponted.request('GET', '/api/instance/list?instanceName=nobody');
  assertError(none, 404, 'Instance not found', 'INSTANCE_NOT_FOUND');
});

test('connect: a missing name, an unknown name, bad numbers and bad history values', async () => {
  assertError(await ponted.connect(''), 400, 'Instance name is required');
  assertError(await ponted.connect('%20'), 400, 'Instance name is required');
  assertError(await ponted.connect('unknown'), 404, 'Instance not found', 'INSTANCE_NOT_FOUND');
  for (const number of ['123', '0551199999999', '55119999999999999', 'abc', '']) {
    const answer = await ponted.connect('own', { query: `?number=${number}` });
    assertError(answer, 400, 'Invalid phone number', 'INVALID_NUMBER');
  }
  for (const history of ['0', '-1', '3651', '1.5', 'all', '']) {
    const answer = await ponted.connect('own', { query: `?history=${history}` });
    assertError(answer, 400, 'Invalid history value', 'INVALID_HISTORY');
  }
  assert.equal((await ponted.instance('own')).connection.state, 'disconnected', 'none of them began an attempt');
});

test('create: bodies of the wrong shape, names that are none, names and tokens that are taken', async () => {
  const post = (body) => ponted.request('POST', '/api/instance/new', { body });
  for (const body of ['', 'nonsense', '[]', '"text"', '{"name":', '{"name":1}', '{"name":"a","webhookEnabled":"yes"}']) {
    assertError(await post(body), 400, 'Invalid request body', 'INVALID_REQUEST');
  }
  assertError(await post('['.repeat(10_000)), 400, 'Invalid request body', 'INVALID_REQUEST');
  for (const name of ['', 'a b', 'ü', '../etc', 'a'.repeat(101)]) {
    assertError(await post({ name }), 400, 'Invalid instance name', 'INVALID_INSTANCE_NAME');
  }
  assertError(await post({}), 400, 'Invalid instance name', 'INVALID_INSTANCE_NAME');
  assertError(await post({ name: 'own' }), 409, 'Instance already exists', 'INSTANCE_EXISTS');
  assertError(await post({ name: 'other', token: own.token }), 409, 'Token already in use', 'TOKEN_IN_USE');
  assertError(await post({ name: 'other', token: accountToken }), 409, 'Token already in use', 'TOKEN_IN_USE');
  const unknownKeys = await post({ name: 'generous', somethingElse: { a: [1] } });
  assert.equal(unknownKeys.status, 201, 'unknown keys are ignored');
  assert.equal((await ponted.remove('generous')).status, 200);
});

test('create: a token and settings of the caller are kept', async () => {
  const created = await ponted.create('chosen', { token: 'a-token-of-the-caller-1', disableHistorySync: false, ignoreStatus: true });
  assert.equal(created.status, 201, JSON.stringify(created.body));
  assert.equal(created.body.instance.token, 'a-token-of-the-caller-1');
  const list = await ponted.request('GET', '/api/instance/list', { token: 'a-token-of-the-caller-1' });
  assert.equal(list.body.instances[0].settings.disableHistorySync, false);
  assert.equal(list.body.instances[0].settings.ignoreStatus, true);
  assert.equal(list.body.instances[0].settings.autoReadMessages, false);
});

test('of two creates of one name at once, one wins', async () => {
  const answers = await Promise.all(Array.from({ length: 8 }, () => ponted.create('contested')));
  assert.deepEqual(answers.map((answer) => answer.status).sort(), [201, 409, 409, 409, 409, 409, 409, 409]);
});

test('delete: gone from the list, 404 the second time, its token is worthless, its name free again', async () => {
  const { token } = (await ponted.create('short-lived')).body.instance;
  const removed = await ponted.remove('short-lived');
  assert.equal(removed.status, 200);
  assert.equal(removed.body.message, 'Instance deleted');
  assertError(await ponted.remove('short-lived'), 404, 'Instance not found', 'INSTANCE_NOT_FOUND');
  assertError(await ponted.request('GET', '/api/instance/list', { token }), 401, 'Invalid token', 'INVALID_TOKEN');
  const again = await ponted.create('short-lived');
  assert.equal(again.status, 201);
  assert.notEqual(again.body.instance.token, token);
});

test('delete ends a link attempt; its waiting caller is told', async () => {
  await ponted.create('interrupted');
  await sim.fail({ handshake: 'silent', next: 1 });
  const { connections } = (await sim.state()).counts;
  const waiting = ponted.connect('interrupted');
  await sim.until('the attempt has begun', (state) => state.counts.connections > connections);
  assert.equal((await ponted.remove('interrupted')).status, 200);
  const answer = await waiting;
  assertError(answer, 500, 'Failed to generate QR code', 'INSTANCE_DELETED');
});

test('routes that are none, and methods that are not theirs', async () => {
  assertError(await ponted.request('GET', '/api/instance/nothing'), 404, 'Not found', 'ROUTE_NOT_FOUND');
  assertError(await ponted.request('GET', '/nothing'), 404, 'Not found', 'ROUTE_NOT_FOUND');
  const wrong = await ponted.request('PUT', '/api/instance/connect/own', { body: {} });
  assertError(wrong, 405, 'Method not allowed', 'METHOD_NOT_ALLOWED');
  assert.match(wrong.headers.get('allow'), /GET/);
});

test('a request id is taken over where it is one, else made', async () => {
  const taken = await ponted.request('GET', '/api/instance/list', { headers: { 'x-request-id': 'order-66' } });
  assert.equal(taken.headers.get('x-request-id'), 'order-66');
  const made = await ponted.request('GET', '/api/instance/list', { headers: { 'x-request-id': 'x'.repeat(129) } });
  assert.match(made.headers.get('x-request-id'), /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test('errors as problem+json where the caller asks for it', async () => {
  const answer = await ponted.connect('unknown', { headers: { accept: 'application/problem+json' } });
  assert.equal(answer.status, 404);
  assert.match(answer.headers.get('content-type'), /^application\/problem\+json/);
  assert.equal(answer.body.status, 404);
  assert.equal(answer.body.detail, 'Instance not found');
  assert.equal(answer.body.code, 'INSTANCE_NOT_FOUND');
});

test('over the limit is 429 with the three headers, per token; health is free', async (t) => {
  const limited = await startPonted({
    dataDir: await temporaryFolder(t),
    env: { ...pointedAt(sim), PONTE_RATE_LIMIT: '5', PONTE_CREATE_RATE_LIMIT: '2' },
  });
  t.after(() => limited.stop('SIGKILL'));
  const first = await limited.create('a');
  assert.equal(first.headers.get('x-ratelimit-limit'), '2');
  assert.equal(first.headers.get('x-ratelimit-remaining'), '1');
  await limited.create('b');
  const third = await limited.create('c');
  assertError(third, 429, 'Rate limit exceeded. Try again later.', 'RATE_LIMITED');
  assert.equal(third.headers.get('x-ratelimit-remaining'), '0');
  assert.ok(Number(third.headers.get('x-ratelimit-reset')) >= Date.now() / 1000 - 1);

  const statuses = [];
  for (let i = 0; i < 6; i++) statuses.push((await limited.request('GET', '/api/instance/list')).status);
  assert.deepEqual(statuses, [200, 200, 200, 200, 200, 429]);
  const other = await limited.request('GET', '/api/instance/list', { token: first.body.instance.token });
  assert.equal(other.status, 200, 'another token has a bucket of its own');
  for (let i = 0; i < 20; i++) assert.equal((await limited.request('GET', '/health', { token: null })).status, 200);
});

test('no answer shows the account token', async () => {
  const list = await ponted.request('GET', '/api/instance/list');
  assert.ok(!JSON.stringify(list.body).includes(accountToken));
  assert.ok(!ponted.process.output().includes(accountToken), 'nor does the log');
  assert.ok(!ponted.process.output().includes(own.token), 'nor an instance token the log');
});
