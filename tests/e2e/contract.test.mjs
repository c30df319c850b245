// The contract as data: every row of tests/contract on the running program, and what all endpoints have in common.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import net from 'node:net';
import { describe, test } from 'node:test';
import { needsAjv } from '../support/node/contract.mjs';
import { checkAnswer, falsified, pathOf, readNotHere, readOperations } from '../support/node/contract-rows.mjs';
import { assertLimited, startWorld } from '../support/node/contract-world.mjs';
import { until } from '../support/node/process.mjs';
import { exchange, requestBytes } from '../support/node/raw-http.mjs';

const operations = readOperations();
const rows = operations.flatMap((operation) => operation.rows);
const seen = new Set();
const played = [];
let description;

const invalidToken = { status: 401, message: 'Invalid token', code: 'INVALID_TOKEN' };
const notFound = { status: 404, message: 'Instance not found', code: 'INSTANCE_NOT_FOUND' };
const nameRequired = { status: 400, message: 'Instance name is required', code: 'INVALID_INSTANCE_NAME' };
const malformed = { status: 400, message: 'Malformed request', code: 'INVALID_REQUEST' };
const tooLarge = (status, message) => ({ status, message, code: 'REQUEST_TOO_LARGE' });
const methodNotAllowed = { status: 405, message: 'Method not allowed', code: 'METHOD_NOT_ALLOWED' };
const rateLimited = { status: 429, message: 'Rate limit exceeded. Try again later.', code: 'RATE_LIMITED', retryAt: true };
const unavailable = { status: 503, message: 'Service unavailable', code: 'OVERLOADED' };

/** What is refused by every endpoint that is like this one, before it looks at anything else. */
function commonRows(operation) {
  const { path, token } = operation;
  const { of, id, query, send } = operation;
  const base = { operation: operation.rows[0].operation, of, id, query, send };
  const common = [
    { row: 'a query that is malformed', query: '?x=%zz', ...malformed },
    { row: 'a body of more than 1 MiB', raw: { length: 2 ** 20 + 1, body: '' }, ...tooLarge(413, 'Request body too large') },
    { row: 'a target of more than 2048 bytes', query: `?x=${'x'.repeat(2048)}`, raw: {}, ...tooLarge(414, 'Request target too long') },
    { row: 'headers of more than 16 KiB', header: { 'x-large': 'x'.repeat(16_384) }, raw: {}, ...tooLarge(431, 'Request header fields too large') },
  ];
  if (token !== 'none') common.push(...['none', 'empty', 'wrong'].map((as) => ({ row: `token: ${as}`, as, ...invalidToken })));
  if (token !== 'none' && path !== '/ws/{instance}') {
    common.push({ row: 'a token in the query', as: 'none', query: '?token=<account>', ...invalidToken });
  }
  if (token === 'account') common.push({ row: 'the token of an instance', as: 'own', ...invalidToken });
  if (path.includes('{instance}')) {
    common.push({ row: 'an unknown instance', of: 'nobody', ...notFound });
    common.push(...['', '%20', '%09'].map((of) => ({ row: `no name: "${of}"`, of, ...nameRequired })));
    common.push({ row: 'the token of another instance', as: 'other', ...invalidToken });
    common.push({ row: 'the token of another instance, of one that does not exist', as: 'other', of: 'nobody', ...invalidToken });
  }
  return common.map((row) => ({ ...base, ...row }));
}

/** Plays all of them, and says of each that went wrong what. */
async function playAll(world, all) {
  const wrong = [];
  const name = await world.make('new');
  const before = await world.look(name);
  for (const row of all) await world.answer(name, row).catch((error) => wrong.push(`${row.row}: ${error.message}`));
  assert.equal(wrong.length, 0, wrong.join('\n'));
  assert.deepEqual(await world.look(name), before, 'a refusal changes nothing');
}

/** A world whose answers count, whatever becomes of its test. */
async function start(t, env) {
  const world = await startWorld(t, env);
  description = world.contract.document;
  t.after(() => {
    for (const each of world.seen) seen.add(each);
    played.push(...world.played);
  });
  return world;
}

const titleOf = ({ operation, row }) => `${operation.operation}: ${row}`;
const ofStore = rows.filter(({ store }) => store === 'full');
/** The rows by the settings of the ponted that they are for. */
const byEnv = new Map();
for (const row of rows.filter(({ store }) => !store)) {
  const key = JSON.stringify(row.env ?? {});
  byEnv.set(key, [...(byEnv.get(key) ?? []), row]);
}

async function playRows(t, these) {
  const world = await start(t, these[0].env);
  for (const row of these) await t.test(titleOf(row), () => world.play(row));
}

async function playCommon(t) {
  const world = await start(t);
  for (const operation of operations) await t.test(operation.operation, () => playAll(world, commonRows(operation)));
}

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

async function assertMethodsAndPaths(t) {
  const { ponted, contract } = await startWorld(t);
  for (const path of new Set(operations.map((operation) => operation.path))) {
    const own = operations.filter((operation) => operation.path === path).map(({ method }) => method);
    for (const method of methods.filter((each) => !own.includes(each))) {
      const answer = await ponted.request(method, pathOf(path, 'other'));
      checkAnswer(methodNotAllowed, answer);
      assertLimited(true, answer);
      const allowed = [...own, ...(own.includes('GET') ? ['HEAD'] : []), 'OPTIONS'];
      assert.deepEqual(new Set(answer.headers.get('allow').split(', ')), new Set(allowed), `${method} ${path}`);
      contract.check(method, '/nothing', answer);
    }
  }
  for (const path of ['/api', '/api/instance/nothing', '/v1/instances/other/nothing', '/api/instance/list/more']) {
    const answer = await ponted.request('GET', path);
    checkAnswer({ status: 404, message: 'Not found', code: 'ROUTE_NOT_FOUND' }, answer);
    assertLimited(true, answer);
  }
}

// ---- limits ----

/** 429, with what the contract prescribes, of a limit of one request a minute. */
function assertRateLimited(world, operation, answer) {
  world.hold({ ...rateLimited, operation }, answer);
  const header = (name) => Number(answer.headers.get(name));
  assert.equal(header('x-ratelimit-limit'), 1);
  assert.equal(header('x-ratelimit-remaining'), 0);
  const seconds = header('x-ratelimit-reset') - Date.now() / 1000;
  assert.ok(seconds > -2 && seconds < 62, `reset in ${seconds} s`);
  assert.ok(header('retry-after') >= 1 && header('retry-after') <= 60);
}

/** One request of that operation, refused or not. */
function askOnce({ ponted }, { method, path, of, id, query = '', send }, token, name = 'nobody') {
  const body = send === undefined ? undefined : JSON.stringify(send);
  return exchange(ponted.url, requestBytes(method, pathOf(path, of ?? name, id) + query, { token, body }));
}

/** Takes one, and no second one. */
async function assertOneOnly(world, operation, ...asked) {
  const first = await askOnce(world, operation, ...asked);
  assert.notEqual(first.status, 429, `${operation.operation}: ${JSON.stringify(first.body)}`);
  assertRateLimited(world, operation, await askOnce(world, operation, ...asked));
}

const which = (accept) => operations.filter(accept);

async function assertLimits(t) {
  const world = await start(t);
  const own = new Map();
  for (const operation of which(({ token }) => token === 'either')) {
    const name = await world.make('new');
    own.set(operation, [(await world.ponted.instance(name)).token, name]);
  }
  for (const operation of which(({ token }) => token === 'link')) {
    const name = await world.make('link');
    own.set(operation, [world.links.get(name).token, name]);
  }
  await world.restart({ PONTE_RATE_LIMIT: '1', PONTE_CREATE_RATE_LIMIT: '1' });
  // Each token has a bucket of its own, and creates have another one.
  for (const [operation, asked] of own) await assertOneOnly(world, operation, ...asked);
  const [create] = which(({ limit }) => limit === 'create');
  await assertOneOnly(world, create);
  const ofAccount = which(({ token, limit }) => token === 'account' && limit === 'global');
  await assertOneOnly(world, ofAccount[0]);
  for (const operation of ofAccount) assertRateLimited(world, operation, await askOnce(world, operation));
  // Wrong tokens share one for each address, with what needs no token.
  const [health] = which(({ path }) => path === '/health');
  const taking = [...which(({ token }) => token !== 'none'), { ...health, query: '?verbose' }];
  await assertOneOnly(world, taking[0], 'wrong');
  for (const operation of taking) assertRateLimited(world, operation, await askOnce(world, operation, 'wrong'));
  for (const operation of which(({ token, limit }) => token === 'none' && limit !== 'none')) {
    assertRateLimited(world, operation, await askOnce(world, operation, null));
  }
  for (const operation of which(({ limit }) => limit === 'none')) assert.equal((await askOnce(world, operation)).status, 200);
}

async function assertCrowded(t) {
  const world = await start(t);
  await world.restart({ PONTE_MAX_CONNECTIONS: '1' });
  const health = async () => (await exchange(world.ponted.url, requestBytes('GET', '/health'))).status;
  await until('whoever looked whether it is healthy has gone', async () => (await health()) === 200);
  const { hostname, port } = new URL(world.ponted.url);
  const held = net.connect(Number(port), hostname);
  t.after(() => held.destroy());
  held.on('error', () => {});
  await until('it is full', async () => (await health()) === 503);
  for (const operation of operations) world.hold({ ...unavailable, operation }, await askOnce(world, operation));
  held.destroy();
  await until('there is room again', async () => (await health()) === 200);
}

// ---- a store that takes no writes ----

const needsPrlimit = () => {
  const { error } = spawnSync('prlimit', ['--version']);
  return { skip: error ? 'no prlimit (util-linux)' : needsAjv().skip };
};

/** No file of that process grows beyond so many bytes. */
function limitFiles(ponted, bytes) {
  execFileSync('prlimit', ['--pid', String(ponted.process.child.pid), `--fsize=${bytes}:unlimited`]);
}

/** All of an instance but how it is connected: the store's trouble ends connections. */
const kept = (world, name) => world.look(name, true);

async function playFull(t) {
  const world = await start(t);
  const names = new Map();
  for (const row of ofStore) names.set(row, await world.make(row.instance ?? 'new'));
  const before = new Map();
  for (const name of names.values()) before.set(name, await kept(world, name));
  limitFiles(world.ponted, 0);
  // A write that fails is what tells the store: those that only look come last.
  for (const row of [...ofStore].sort((one, other) => (one.status === 503) - (other.status === 503))) {
    await t.test(titleOf(row), () => world.playOn(names.get(row), { ...row, moves: true }));
  }
  await t.test('once it takes writes again, all is as it was, and can be changed', async () => {
    limitFiles(world.ponted, 'unlimited');
    await until('the store takes writes', async () => (await world.ponted.request('GET', '/health', { token: null })).status === 200);
    for (const [row, name] of names) {
      // WhatsApp has unlinked that one.
      if (row.instance !== 'linked') assert.deepEqual(await kept(world, name), before.get(name), titleOf(row));
      const changed = await world.ponted.request('POST', `/api/instance/settings/${name}`, { body: { callRejectMessage: 'again' } });
      assert.equal(changed.status, 200, JSON.stringify(changed.body));
    }
  });
}

describe('the contract', { concurrency: 3 }, () => {
  for (const [env, these] of byEnv) test(env === '{}' ? 'every row' : `every row with ${env}`, needsAjv(), (t) => playRows(t, these));
  test('a store that takes no writes: the prescribed texts, and nothing is half-applied', needsPrlimit(), playFull);
  test('what every endpoint refuses', needsAjv(), playCommon);
  test('methods that a path does not have, and paths that are none', needsAjv(), assertMethodsAndPaths);
  test('over the limit: by token, by address, creates by themselves', needsAjv(), assertLimits);
  test('more connections than it takes', needsAjv(), assertCrowded);
});

// ---- that this file can fail, and leaves nothing out ----

test('a row that is wrong is found', needsAjv(), (t) => {
  t.diagnostic(`${rows.length} rows, ${played.length} answers that are as rows say`);
  assert.ok(played.length > rows.length, `${played.length} answers`);
  for (const { row, answer } of played) {
    for (const wrong of falsified(row)) {
      assert.throws(() => checkAnswer(wrong, answer), undefined, `${row.operation.operation}: ${row.row}: ${JSON.stringify(wrong).slice(0, 300)}`);
    }
  }
});

test('every operation has rows, and every answer that is described was seen', needsAjv(), () => {
  const described = [];
  for (const [path, methods] of Object.entries(description.paths)) {
    for (const [method, { responses }] of Object.entries(methods)) {
      for (const status of Object.keys(responses)) described.push(`${method.toUpperCase()} ${path} ${status}`);
    }
  }
  const operationsOf = (list) => [...new Set(list.map((each) => each.replace(/ \d+$/, '')))].sort();
  assert.deepEqual(operations.map(({ operation }) => operation).sort(), operationsOf(described));
  for (const operation of operations) assert.ok(operation.rows.length > 0, operation.operation);
  const notHere = readNotHere().flatMap(({ status, operations: these }) => these.map((operation) => `${operation} ${status}`));
  for (const each of notHere) {
    assert.ok(described.includes(each), `not-here.json has ${each}, which is not described`);
    assert.ok(!seen.has(each), `not-here.json has ${each}, which was seen`);
  }
  const skipped = needsPrlimit().skip ? ofStore.map(({ operation, status }) => `${operation.operation} ${status}`) : [];
  const missing = described.filter((each) => ![...seen, ...notHere, ...skipped].includes(each));
  assert.deepEqual(missing, [], 'neither seen nor in not-here.json');
});
