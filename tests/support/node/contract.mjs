// Live answers held against the program's own API description.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { root } from './process.mjs';

/** `{ skip }` for node:test. */
export function needsAjv() {
  const there = existsSync(path.join(root, 'tests/e2e/node_modules/ajv/package.json'));
  return { skip: there ? false : 'ajv is not installed (tools/setup.sh)' };
}

/** The description that `ponted` serves, as what its answers are held against. */
export async function readContract(ponted) {
  const answer = await ponted.request('GET', '/openapi.json', { token: null });
  assert.equal(answer.status, 200);
  // From where the packages are: this file is not below them.
  const { createRequire } = await import('node:module');
  const require = createRequire(path.join(root, 'tests/e2e/'));
  const { default: Ajv } = require('ajv/dist/2020');
  const { default: addFormats } = require('ajv-formats');
  // Strict: a keyword that is none throws. `then` need not repeat the type that stands beside its `if`.
  const ajv = new Ajv({ strict: true, strictTypes: false, strictRequired: false, allErrors: true });
  addFormats(ajv);
  return new Contract(answer.body, ajv);
}

/** Schemas refer to the document's components; on their own they carry them along. */
function standalone(schema, components) {
  const local = (value) => {
    if (Array.isArray(value)) return value.map(local);
    if (value === null || typeof value !== 'object') return value;
    const copy = Object.fromEntries(Object.entries(value).map(([key, each]) => [key, local(each)]));
    if (typeof copy.$ref === 'string') copy.$ref = copy.$ref.replace('#/components/schemas/', '#/$defs/');
    return copy;
  };
  return { ...local(schema), $defs: local(components) };
}

/** Keys that the schema does not list are refused: clients ignore them, but this test must not. */
function closed(schema) {
  if (Array.isArray(schema)) return schema.map(closed);
  if (schema === null || typeof schema !== 'object') return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([key, each]) => [key, closed(each)]));
  const lists = copy.type === 'object' && copy.properties && copy.additionalProperties === undefined;
  return lists ? { ...copy, additionalProperties: false } : copy;
}

class Contract {
  #operations = [];
  #compiled = new Map();
  /** `GET /path 200` for each answer that was held against its schema. */
  seen = new Set();

  constructor(document, ajv) {
    Object.assign(this, { document, ajv });
    for (const [template, methods] of Object.entries(document.paths)) {
      const pattern = new RegExp(`^${template.replaceAll('.', '\\.').replace(/\{[^}]+\}/g, '[^/]*')}$`);
      for (const [method, operation] of Object.entries(methods)) {
        this.#operations.push({ template, method: method.toUpperCase(), pattern, operation });
      }
    }
  }

  /** Every schema of the document, by where it stands: compiled, so that none is left out that no answer meets. */
  compileAll() {
    for (const { template, method, operation } of this.#operations) {
      const request = operation.requestBody?.content['application/json'].schema;
      if (request) this.ajv.compile(standalone(request, this.document.components.schemas));
      for (const { schema } of operation.parameters ?? []) this.ajv.compile(schema);
      for (const status of Object.keys(operation.responses)) {
        for (const type of Object.keys(this.#answer(operation, status).content ?? {})) {
          this.#validator(`${method} ${template} ${status}`, operation, status, type);
        }
      }
    }
  }

  /** Whether this body may be sent. */
  accepts(method, template, body) {
    const { operation } = this.#operations.find((each) => each.method === method && each.template === template);
    const { schema } = operation.requestBody.content['application/json'];
    return this.ajv.compile(standalone(schema, this.document.components.schemas))(body);
  }

  /** Holds every answer of `ponted.request` from now on. */
  hear(ponted) {
    const request = ponted.request.bind(ponted);
    ponted.request = async (method, target, options) => {
      const answer = await request(method, target, options);
      this.check(method, target, answer);
      return answer;
    };
    return ponted;
  }

  /** Throws where the description does not allow that answer. */
  check(method, target, { status, headers, body }) {
    const path = new URL(target, 'http://ponte').pathname;
    const found = this.#operations.find((each) => each.method === method && each.pattern.test(path));
    const type = (headers.get('content-type') ?? '').split(';')[0];
    const where = `${method} ${found?.template ?? path} ${status}`;
    if (!found) assert.ok([404, 405].includes(status), `${where}: such a route is not described`);
    const operation = found?.operation ?? { responses: { [status]: { $ref: '#/components/responses/BadRequest' } } };
    assert.ok(operation.responses[status], `${where}: such a status is not described`);
    const { content, headers: described } = this.#answer(operation, String(status));
    for (const name of headers.keys()) {
      if (/^(x-ratelimit-|x-request-id|retry-after)/.test(name)) {
        assert.ok(Object.keys(described ?? {}).some((each) => each.toLowerCase() === name), `${where}: header ${name}`);
      }
    }
    if (status === 304) return;
    assert.ok(content?.[type], `${where}: ${type} is not described, only ${Object.keys(content ?? {})}`);
    if (type.includes('json')) {
      const validate = this.#validator(where, operation, String(status), type);
      assert.ok(validate(body), `${where}: ${this.ajv.errorsText(validate.errors)}\n${JSON.stringify(body)}`);
    }
    this.seen.add(where);
  }

  #answer(operation, status) {
    const answer = operation.responses[status];
    return answer.$ref ? this.document.components.responses[answer.$ref.split('/').pop()] : answer;
  }

  #validator(where, operation, status, type) {
    const key = `${where} ${type}`;
    if (!this.#compiled.has(key)) {
      const { schema = true } = this.#answer(operation, status).content[type];
      const whole = schema === true ? true : standalone(closed(schema), closed(this.document.components.schemas));
      this.#compiled.set(key, this.ajv.compile(whole));
    }
    return this.#compiled.get(key);
  }
}
