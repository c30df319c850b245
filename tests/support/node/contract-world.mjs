// A running service that the rows of tests/contract are played on: instances in every state, one row after another.
import assert from 'node:assert/strict';
import { readContract } from './contract.mjs';
import { checkAnswer, fill, pathOf } from './contract-rows.mjs';
import { makeInstance } from './contract-states.mjs';
import { startDemanding } from './demanding.mjs';
import { accountToken } from './ponted.mjs';
import { startProxy } from './proxy.mjs';
import { exchange, requestBytes } from './raw-http.mjs';
import { startReceiver, status } from './receiver.mjs';

const usual = { PONTE_ALLOW_PRIVATE_WEBHOOKS: 'true', PONTE_CORS_ORIGINS: 'https://app.example', PONTE_LOG: 'info' };
const upgrade = [
  ['Connection', 'Upgrade'], ['Upgrade', 'websocket'], ['Sec-WebSocket-Version', '13'], ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
];
const long = 'n'.repeat(100);

/** With these settings; `other` is an instance that is there besides those of the rows. */
export async function startWorld(t, env = {}) {
  const service = await startDemanding(t);
  const world = new World(service, await startReceiver(t));
  t.after(() => world.proxy?.close());
  await world.restart({ ...usual, ...env });
  await world.ponted.create('other');
  world.other = (await world.ponted.instance('other')).token;
  await world.readContract();
  return world;
}

class World {
  #made = 0;
  #shared = new Map();
  #operation;
  /** `GET /path/{instance} 200` of each answer. */
  seen = new Set();
  /** Each row whose answer was as it says, with that. */
  played = [];
  /** The link of each instance that has one. */
  links = new Map();

  constructor(service, receiver) {
    Object.assign(this, { service, receiver });
  }

  get ponted() {
    return this.service.ponted;
  }

  get sim() {
    return this.service.sim;
  }

  link = (name) => this.service.link(name);
  demand = (name) => this.service.demand(name);
  submit = (...given) => this.service.submit(...given);
  assertion = (name) => this.service.assertion(name);
  shownCode = (name) => this.service.shownCode(name);

  /** Starts ponted again, on what is there, with other settings. */
  async restart(env) {
    await this.ponted.stop();
    await this.service.start({ ...this.service.env, ...env });
  }

  async readContract() {
    const request = async (...asked) => {
      const answer = await this.ponted.request(...asked);
      return { ...answer, body: merged(answer.body, answer.body.components.schemas) };
    };
    this.contract = await readContract({ request });
  }

  /** A new instance in that state: its name. */
  async make(state) {
    const name = `row-${++this.#made}`;
    await makeInstance(this, state, name);
    return name;
  }

  /** Plays one row, on an instance that was made for it or for others that change nothing either. */
  async play(row) {
    if (row.operation !== this.#operation) await this.clear();
    this.#operation = row.operation;
    const state = row.instance ?? 'new';
    if (changesNothing(row)) {
      if (!this.#shared.has(state)) this.#shared.set(state, await this.make(state));
      return this.playOn(this.#shared.get(state), row);
    }
    const name = await this.make(state);
    await this.playOn(name, row);
    // Left alone it may dial again, and meet what goes wrong for the next row.
    if (row.moves || row.whatsapp) await this.ponted.remove(name);
    return this.#quiet();
  }

  /** The same on that instance, which a refusal must leave as it is. */
  async playOn(name, row) {
    const before = await this.look(name, row.moves);
    await this.answer(name, row);
    if (row.status >= 400) assert.deepEqual(await this.look(name, row.moves), before, 'a refusal changes nothing');
  }

  /** The same, whatever it does to the instance. */
  async answer(name, row) {
    const filled = fill(row, await this.#values(name, row));
    if (row.whatsapp) await this.sim.fail(row.whatsapp);
    // What is refused as stale is sent a second time.
    if (row.refuses) await this.sim.admin('refuse', { code: row.refuses, next: 2 });
    this.hold(filled, await this.ask(name, filled));
    if (row.refuses) await this.sim.admin('refuse', { code: row.refuses, next: 0 });
  }

  /** Holds an answer against its row and against the description. */
  hold(row, answer) {
    const { operation, method, path, limit } = row.operation;
    this.seen.add(`${operation} ${answer.status}`);
    checkAnswer(row, answer);
    assertLimited(limit !== 'none' || Boolean(row.code), answer);
    if (row.status === 101) assert.ok(this.contract.document.paths[path].get.responses[101]);
    else this.contract.check(method, pathOf(path, 'x'), answer);
    this.played.push({ row, answer });
  }

  /** Sends what the row says. */
  async ask(name, row) {
    const { method, path, endless } = row.operation;
    const target = pathOf(path, row.of ?? name, row.id) + (row.query ?? '');
    const token = await this.#token(name, row.as);
    const body = row.text ?? (row.send === undefined ? undefined : JSON.stringify(row.send));
    const headers = Object.entries(row.header ?? {});
    const url = new URL(this.ponted.url);
    if (row.listener) url.port = String(Number(url.port) + 1);
    if (row.listener) return exchange(url, requestBytes(method, target, { token, headers: [...upgrade, ...headers] }));
    if (endless || row.raw) return exchange(url, requestBytes(method, target, { token, headers, body, ...row.raw }));
    return this.ponted.request(method, target, { token, headers: row.header, body });
  }

  async #token(name, as = 'account') {
    const own = async () => (await this.ponted.instance(name)).token;
    const tokens = { account: () => accountToken, own, link: () => this.links.get(name).token, other: () => this.other, wrong: () => 'wrong', empty: () => '', none: () => null };
    assert.ok(tokens[as], `as ${as}?`);
    return tokens[as]();
  }

  /** What `<…>` of that row stands for. */
  async #values(name, row) {
    const values = { name, new: `${name}-new`, other: 'other', account: accountToken, long, 2048: 'u'.repeat(2048), receiver: this.receiver.url };
    const says = (text) => JSON.stringify(row).includes(`<${text}>`);
    const ticket = async (instance) => (await this.ponted.request('POST', '/v1/tickets', { body: { instance } })).body.ticket;
    if (says('token')) values.token = (await this.ponted.instance(name)).token;
    if (says('link-id')) values['link-id'] = this.links.get(name)?.id ?? 'none';
    if (says('foreign-link-id')) values['foreign-link-id'] = await this.foreignLink();
    if (says('proxy-port')) values['proxy-port'] = String((this.proxy ??= await startProxy()).port);
    if (says('link-token')) values['link-token'] = this.links.get(name).token;
    if (says('ticket')) values.ticket = await ticket(name);
    if (says('foreign-ticket')) values['foreign-ticket'] = await ticket('other');
    if (says('assertion')) values.assertion = await this.assertion(name);
    if (says('forged-assertion')) values['forged-assertion'] = await this.#forgedAssertion(name);
    if (says('etag')) values.etag = (await this.ponted.request('GET', row.operation.path.replace('{file}', row.of))).headers.get('etag');
    return values;
  }

  /** The id of a link of another instance. */
  async foreignLink() {
    return (await this.ponted.request('POST', '/v1/instances/other/links', { body: {} })).body.link.id;
  }

  /** WhatsApp alone can tell that this one is none. */
  async #forgedAssertion(name) {
    const right = await this.assertion(name);
    return { ...right, response: { ...right.response, signature: Buffer.alloc(64, 7).toString('base64url') } };
  }

  /** All that there is of an instance, but of `moves` how it is connected; and which others there are. */
  async look(name, moves = false) {
    const { instances } = (await this.ponted.request('GET', '/api/instance/list')).body;
    const { webhooks } = (await this.ponted.request('GET', `/api/events/getWebhook/${name}`)).body;
    const item = instances.find((each) => each.name === name);
    if (item && moves) for (const key of ['connection', 'status', 'reason']) delete item[key];
    return { item: JSON.stringify(item), webhooks: JSON.stringify(webhooks), names: instances.map((each) => each.name) };
  }

  /** Whoever still waits for the receiver is answered. */
  async #quiet() {
    this.receiver.answer = status(200);
    this.receiver.server.closeAllConnections();
    await this.waiting;
  }

  /** Takes away every instance but the `other`. */
  async clear() {
    await this.#quiet();
    this.#shared.clear();
    const { instances } = (await this.ponted.request('GET', '/api/instance/list')).body;
    await Promise.all(instances.filter(({ name }) => name !== 'other').map(({ name }) => this.ponted.remove(name)));
  }
}

/** A refusal does not, which is checked, nor does what only reads; connect begins an attempt. */
function changesNothing({ operation, status: code, instance, moves, whatsapp }) {
  if (moves || whatsapp || instance === 'webhook-testing') return false;
  return code >= 400 || (operation.method === 'GET' && !operation.path.includes('/connect/'));
}

/** `allOf` of plain objects is one object here: readContract() shuts each part by itself, so that none would fit. */
function merged(value, schemas) {
  if (Array.isArray(value)) return value.map((each) => merged(each, schemas));
  if (value === null || typeof value !== 'object') return value;
  const parts = value.allOf?.map((part) => schemas[part.$ref?.split('/').pop()] ?? part);
  const plain = parts?.every((part) => part.type === 'object' && part.properties && part.additionalProperties === undefined);
  if (!plain) return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, merged(each, schemas)]));
  const properties = Object.assign({}, ...parts.map((part) => part.properties));
  return { type: 'object', required: parts.flatMap((part) => part.required ?? []), properties: merged(properties, schemas) };
}

/** 0.4: what is counted says against which limit. */
export function assertLimited(limited, { headers, status: code }) {
  if (code === 101) return;
  for (const name of ['limit', 'remaining', 'reset']) {
    const value = headers.get(`x-ratelimit-${name}`);
    if (limited) assert.match(value ?? '', /^\d+$/, `x-ratelimit-${name}`);
    else assert.equal(value, null, `x-ratelimit-${name}`);
  }
}
