// Bad input for every field, query parameter and header that the API description has: nothing answers 5xx, what is wrong
// is named, and a refusal changes nothing.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { badFields, badHeaders, badQueries, bodyWith, headerNames, propertiesOf } from '../support/node/bad-values.mjs';
import { needsAjv } from '../support/node/contract.mjs';
import { fill, pathOf, readOperations } from '../support/node/contract-rows.mjs';
import { startWorld } from '../support/node/contract-world.mjs';
import { exchange, requestBytes } from '../support/node/raw-http.mjs';

const known = readOperations();
const operationsOf = ({ document }) => Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, described]) => ({ method: method.toUpperCase(), path, described })));

/** Of parameters that are sent twice: a value that does. */
const goodQueries = {
  history: '1', number: '5511912345678', events: 'instance.state', lastEventId: '0', wait: '0', since: '0', after: '0', limit: '1',
};

/** An instance that an operation is asked about, made anew once a request was taken that changes it. */
class Target {
  constructor(world, operation) {
    Object.assign(this, { world, ...operation });
    this.isLinks = operation.path.startsWith('/v1/link');
    const asked = this.isLinks ? 'link-asked' : 'asked';
    this.state = operation.path.endsWith('/passkey') ? asked : this.isLinks ? 'link' : 'webhook';
    this.good = known.find((each) => each.method === this.method && each.path === this.path);
  }

  /** Others than this one are gone. */
  async renew() {
    await this.world.clear();
    this.name = await this.world.make(this.state);
    this.assertion = undefined;
    this.before = await this.world.look(this.name);
    return this;
  }

  /** Whether all is as it was. What was taken may have changed something: then it is made as it was. */
  async hasChanged(taken) {
    const changed = !isDeepStrictEqual(await this.world.look(this.name), this.before);
    // An assertion that was taken is used up, though that shows only when the phone has gone on.
    const used = changed || this.state.endsWith('asked');
    if (used && taken) await (this.path === '/api/instance/new' ? this.world.ponted.remove(`${this.name}-new`) : this.renew());
    return changed;
  }

  /** The body that this one would take. */
  async goodBody() {
    if (this.state.endsWith('asked')) return (this.assertion ??= await this.world.assertion(this.name));
    return fill(this.good.send ?? {}, { new: `${this.name}-new`, receiver: this.world.receiver.url });
  }

  ask(given, { of = this.name, query = '' } = {}) {
    const target = pathOf(this.path, this.good.of ?? of) + query;
    const { token } = (this.isLinks && this.world.links.get(this.name)) || {};
    return exchange(this.world.ponted.url, requestBytes(this.method, target, { ...(token && { token }), ...given }));
  }

  /** That this answer may be, to a request in which `name` is wrong. */
  hold(name, { refused, named }, answer) {
    const { status, body } = answer;
    // What would be sent waits for no connection, and nobody listens at the proxy: that is no fault of the program.
    const excused = ['NOT_CONNECTED', 'PROXY_UNREACHABLE'].includes(body.error?.code);
    assert.ok(status < 500 || excused, `${status} ${JSON.stringify(body)}`);
    this.world.contract.check(this.method, pathOf(this.path, 'x'), answer);
    if (refused) assert.ok(status >= 400, `${status}: taken`);
    // The page of a link says itself what is wrong.
    const isPage = answer.headers.get('content-type')?.startsWith('text/html');
    if (status >= 400 && !isPage) assertRefusal(answer);
    if (named) assert.match(`${body.error.message} ${body.error.details}`, new RegExp(`\\b${name}\\b`, 'i'), JSON.stringify(body.error));
  }

  /** The same, and that a refusal has changed nothing. */
  async holdWhole(name, bad, answer) {
    const changed = await this.hasChanged(answer.status < 400);
    this.hold(name, bad, answer);
    assert.ok(!changed || answer.status < 400, 'refused, and it has changed something');
  }
}

/** Whether the description allows a body: `accepts` of the contract, compiled once. */
function validator({ ajv, document }, schema) {
  const whole = { ...schema, $defs: document.components.schemas };
  return ajv.compile(JSON.parse(JSON.stringify(whole).replaceAll('#/components/schemas/', '#/$defs/')));
}

/** In the envelope, and where the request is at fault with what is wrong. */
function assertRefusal({ status, headers, body }) {
  assert.equal(body.success, false, JSON.stringify(body));
  assert.equal(body.requestId, headers.get('x-request-id'));
  assert.match(body.error.code, /^[A-Z][A-Z0-9_]*$/);
  assert.ok(body.error.message.length > 0);
  if (body.error.code === 'INVALID_REQUEST' && status === 400) assert.ok(body.error.details, 'details');
}

/** Says of each case that went wrong what, all of them at once. */
class Findings {
  #wrong = [];
  count = 0;

  async of(what, check) {
    this.count++;
    await check().catch((error) => this.#wrong.push(`${what}: ${error.message.split('\n')[0].slice(0, 300)}`));
  }

  end(t) {
    t.diagnostic(`${this.count} requests`);
    assert.ok(this.count > 0);
    assert.equal(this.#wrong.length, 0, `${this.#wrong.length} are wrong:\n${this.#wrong.join('\n')}`);
  }
}

/** Decision 17: what is wrong with a body, and where. */
function assertPlace(name, { body }) {
  const { code, details } = body.error;
  if (code !== 'INVALID_REQUEST') return;
  assert.match(details, new RegExp(`\\b${name}\\b|\\bbyte \\d+`), `it is not said where: ${details}`);
}

describe('bad input', { concurrency: true }, () => {
  test('every field of every body', needsAjv(), async (t) => {
    const world = await startWorld(t);
    const { schemas } = world.contract.document.components;
    const taking = operationsOf(world.contract).filter(({ described }) => described.requestBody);
    assert.ok(taking.length > 0);
    for (const operation of taking) {
      const { schema } = operation.described.requestBody.content['application/json'];
      await t.test(`${operation.method} ${operation.path}`, async (each) => {
        const findings = new Findings();
        const target = await new Target(world, operation).renew();
        const allowed = validator(world.contract, schema);
        for (const [name, property] of Object.entries(propertiesOf(schema, schemas))) {
          for (const bad of badFields(property)) {
            await findings.of(`${name} ${bad.what}`, async () => {
              const body = bodyWith(await target.goodBody(), name, bad);
              const answer = await target.ask({ body });
              const refused = bad.refused || !allowed(JSON.parse(body));
              await target.holdWhole(name, { ...bad, refused }, answer);
              if (refused) assertPlace(name, answer);
            });
          }
        }
        findings.end(each);
      });
    }
  });

  test('every query parameter', needsAjv(), async (t) => {
    const world = await startWorld(t);
    const queried = (operation) => (operation.described.parameters ?? []).filter((each) => each.in === 'query');
    const taking = operationsOf(world.contract).filter((operation) => queried(operation).length > 0);
    assert.ok(taking.length > 0);
    for (const operation of taking) {
      const parameters = queried(operation);
      await t.test(`${operation.method} ${operation.path}`, async (each) => {
        const findings = new Findings();
        const target = await new Target(world, operation).renew();
        for (const parameter of parameters) {
          for (const bad of badQueries(parameter, goodQueries[parameter.name] ?? 'a')) {
            const given = parameter.name === 'code' ? `number=${goodQueries.number}&${bad.query}` : bad.query;
            await findings.of(`${parameter.name} ${bad.what}`, async () => {
              await target.holdWhole(parameter.name, bad, await target.ask({ body: undefined }, { query: `?${given}` }));
            });
          }
        }
        findings.end(each);
      });
    }
  });

  test('every header', needsAjv(), async (t) => {
    const world = await startWorld(t);
    for (const operation of operationsOf(world.contract)) {
      await t.test(`${operation.method} ${operation.path}`, async (each) => {
        const findings = new Findings();
        const target = await new Target(world, operation).renew();
        // What changes something is sent so that it is refused in the end: which header it has is looked at before that.
        const of = operation.method !== 'GET' || operation.path.includes('/connect/') ? 'nobody' : target.name;
        for (const name of headerNames) {
          for (const bad of badHeaders(name)) {
            await findings.of(`${name} ${bad.what}`, async () => {
              const token = name === 'token' || name === 'Authorization' ? { token: null } : {};
              const body = operation.described.requestBody ? '{}' : undefined;
              target.hold(name, bad, await target.ask({ headers: bad.headers, body, ...token }, { of }));
            });
          }
        }
        assert.equal(await target.hasChanged(false), false);
        findings.end(each);
      });
    }
  });
});
