// The rows of tests/contract: what is sent to each endpoint and what must come, and how an answer is held against them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './process.mjs';

const read = (name) => JSON.parse(readFileSync(path.join(root, 'tests/contract', `${name}.json`), 'utf8'));
const keyLists = read('keys');

/**
 * What an operation and a row may say. Of a row:
 *
 *  - `row`: what is special about it
 *  - `instance`: the state of the instance that it is about (contract-states.mjs); a new one
 *  - `as`: whose token: `account`, the instance's `own`, of an `other`, of its `link`, `wrong`, `empty` or `none`; the
 *    account's
 *  - `of`: what stands in the path in place of the instance's name
 *  - `id`: what stands in it in place of `{id}`
 *  - `query`, `header`, `send` (as JSON), `text` (as it is): the rest of the request
 *  - `listener`: `websockets`, where it goes to the other one, as an upgrade
 *  - `raw`: members for requestBytes(), where it goes over a bare socket
 *  - `env`: a ponted of its own with these settings
 *  - `store`: `full`, where the store takes no writes meanwhile
 *  - `whatsapp`: what goes wrong at the simulator meanwhile
 *  - `refuses`: the code with which it refuses messages meanwhile
 *  - `status`, `message`, `code`: what comes. A text that ends in `*` may go on
 *  - `names`: what `error.details` must name
 *  - `retryAt`: true where the error must have it
 *  - `answer`: what a success has besides `success` and `message` (without `message`: all that it has). Of each member,
 *    named by its path: its keys (`@list` is one of keys.json, `key?` may be missing; of an array those of every element),
 *    `{"is": …}` for a whole value, else the value itself; `*` is any
 *  - `type`, `gives`: the content type and other headers of the answer
 *  - `moves`: a refusal that shows in the connection's state, and there alone
 *
 * In texts `<name>`, `<new>`, `<token>` … stand for what the run has made.
 */
const operationWords = ['operation', 'token', 'limit', 'endless', 'of', 'id', 'query', 'send', 'rows'];
const rowWords = ['row', 'instance', 'as', 'of', 'id', 'query', 'header', 'send', 'text', 'listener', 'raw', 'env', 'store', 'whatsapp', 'refuses',
  'status', 'message', 'code', 'names', 'retryAt', 'answer', 'type', 'gives', 'moves'];

function assertWords(object, words, where) {
  for (const word of Object.keys(object)) assert.ok(words.includes(word), `${where}: "${word}" means nothing`);
}

/** A row that says too little checks too little. */
function assertWhole(row, where) {
  assertWords(row, rowWords, where);
  assert.ok(Number.isInteger(row.status), `${where}: a status`);
  const failed = row.status >= 400 && !row.answer && !row.type;
  assert.equal(failed, Boolean(row.code), `${where}: a code for an error, and for nothing else`);
  if (failed) assert.ok(row.message, `${where}: a message`);
  else assert.ok(row.answer ?? row.type ?? [101, 304].includes(row.status), `${where}: what comes`);
}

/** Every operation with its rows, which have what the operation says for all of them. */
export function readOperations() {
  const all = ['instances', 'links', 'passkeys', 'messages', 'events', 'webhooks', 'service'].flatMap(read);
  for (const each of all) {
    assertWords(each, operationWords, each.operation);
    const { rows, ...operation } = each;
    [operation.method, operation.path] = operation.operation.split(' ');
    each.rows = rows.map((row) => {
      assertWhole(row, `${operation.operation}: ${row.row}`);
      return { of: operation.of, id: operation.id, query: operation.query, ...(row.text === undefined ? { send: operation.send } : {}), ...row, operation };
    });
    Object.assign(each, operation);
  }
  return all;
}

/** Answers that are described and cannot be brought about here: `{status, why, operations}`. */
export const readNotHere = () => read('not-here');

/** The path of an operation with what stands in it. */
export const pathOf = (path, of, id = 'none') => path.replace('{id}', id).replace(/\{\w+\}/, of);

/** A copy in which `<…>` is filled in, in every text. */
export function fill(value, values) {
  if (typeof value === 'string') {
    const whole = /^<([a-z0-9-]+)>$/.exec(value);
    if (whole && whole[1] in values) return values[whole[1]];
    return value.replace(/<([a-z0-9-]+)>/g, (text, name) => (name in values ? values[name] : text));
  }
  if (Array.isArray(value)) return value.map((each) => fill(each, values));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, fill(each, values)]));
}

function expand(list) {
  const names = typeof list === 'string' ? [list] : list;
  return names.flatMap((name) => (name.startsWith('@') ? expand(keyLists[name.slice(1)]) : [name]));
}

function assertKeys(object, list, where) {
  assert.equal(typeof object, 'object', `${where} is ${JSON.stringify(object)}`);
  assert.ok(object !== null, `${where} is null`);
  const names = expand(list);
  const bare = names.map((name) => name.replace('?', ''));
  for (const name of names) assert.ok(name.endsWith('?') || name in object, `${where} has no ${name}: ${JSON.stringify(object)}`);
  for (const key of Object.keys(object)) assert.ok(bare.includes(key), `${where} has ${key}`);
}

function assertText(value, wanted, where) {
  const open = typeof wanted === 'string' && wanted.endsWith('*');
  if (!open) return assert.equal(value, wanted, where);
  assert.ok(value !== undefined && value !== null, `${where} is ${value}`);
  const start = wanted.slice(0, -1);
  const goesOn = String(value).startsWith(start) && String(value).length > start.length;
  return assert.ok(goesOn, `${where}: expected ${wanted}, got ${String(value).slice(0, 200)}`);
}

function assertMember(body, place, wanted) {
  const value = place.split('.').reduce((object, key) => object?.[key], body);
  if (Array.isArray(wanted) || (typeof wanted === 'string' && wanted.startsWith('@'))) {
    for (const each of Array.isArray(value) ? value : [value]) assertKeys(each, wanted, place);
  } else if (wanted !== null && typeof wanted === 'object') {
    assert.deepEqual(value, wanted.is, place);
  } else {
    assertText(value, wanted, place);
  }
}

function assertError(row, { headers, body }) {
  assertKeys(body, ['success', 'error', 'requestId'], 'the error');
  assert.equal(body.success, false);
  assert.equal(body.requestId, headers.get('x-request-id'));
  assertKeys(body.error, ['message', 'code', 'details?', 'messageId?', row.retryAt ? 'retryAt' : 'retryAt?'], 'error');
  assertText(body.error.message, row.message, 'error.message');
  assert.equal(body.error.code, row.code, 'error.code');
  if (row.names) assert.match(body.error.details ?? '', new RegExp(`\\b${row.names}\\b`), 'error.details');
  if (row.retryAt) assert.ok(Date.parse(body.error.retryAt) > Date.now() - 5000, body.error.retryAt);
}

function assertSuccess(row, { body }) {
  const members = Object.keys(row.answer).filter((place) => !place.includes('.'));
  assertKeys(body, row.message ? ['success', 'message', ...members] : members, 'the answer');
  if (row.message) assert.equal(body.success, true);
  if (row.message) assertText(body.message, row.message, 'message');
  for (const [place, wanted] of Object.entries(row.answer)) assertMember(body, place.replace('?', ''), wanted);
}

/** Throws where `answer` is not what the row says. */
export function checkAnswer(row, answer) {
  assert.equal(answer.status, row.status, JSON.stringify(answer.body).slice(0, 600));
  if (row.type) assert.ok(answer.headers.get('content-type')?.startsWith(row.type), answer.headers.get('content-type'));
  for (const [name, wanted] of Object.entries(row.gives ?? {})) assertText(answer.headers.get(name), wanted, name);
  assert.ok(answer.headers.get('x-request-id'), 'x-request-id');
  if (row.code) assertError(row, answer);
  else if (row.answer) assertSuccess(row, answer);
}

/** The same row with one thing wrong in it, in every way: each must be found out. */
export function falsified(row) {
  const wrong = [{ ...row, status: row.status + 1 }];
  if (row.message) wrong.push({ ...row, message: `${row.message.replace(/\*$/, '')}!` });
  if (row.code) wrong.push({ ...row, code: `${row.code}_` });
  if (row.names) wrong.push({ ...row, names: `${row.names}x` });
  if (row.type) wrong.push({ ...row, type: `${row.type}x` });
  for (const name of Object.keys(row.gives ?? {})) wrong.push({ ...row, gives: { [name]: 'else' } });
  for (const [place, wanted] of Object.entries(row.answer ?? {})) {
    if (place.endsWith('?')) continue;
    const { [place]: _, ...others } = row.answer;
    wrong.push({ ...row, answer: { ...others, [`${place}x`]: wanted } }, { ...row, answer: { ...others, [place]: { is: 'else' } } });
    if (!place.includes('.')) wrong.push({ ...row, answer: others });
  }
  return wrong;
}
