// The real `ponted`: its own process, data directory and ports, driven over HTTP.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { Program, program, until } from './process.mjs';

export const accountToken = 'account-token-of-the-tests-0123456789abcdef';

/** An error in the contract's envelope, with `code` where one is given; gives its `error`. */
export function assertError(answer, status, message, code) {
  assert.equal(answer.status, status, JSON.stringify(answer.body));
  assert.equal(answer.body.success, false);
  assert.equal(answer.body.error.message, message);
  if (code) assert.equal(answer.body.error.code, code);
  assert.equal(answer.body.requestId, answer.headers.get('x-request-id'));
  return answer.body.error;
}

/** A port that is free together with the next one, outside the range that the system gives to outgoing connections. */
async function freePorts() {
  const free = (port) =>
    new Promise((resolve) => {
      const server = net.createServer();
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
  return until('two free ports', async () => {
    const port = 10_000 + 2 * Math.floor(Math.random() * 10_000);
    return (await free(port)) && (await free(port + 1)) && port;
  });
}

/** A new data directory, gone when the test is over. */
export async function temporaryFolder(t) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'ponte-test-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The environment that points a ponted at `sim`. */
export function pointedAt(sim) {
  return {
    PONTE_WHATSAPP_URL: sim.url,
    PONTE_WHATSAPP_ROOT_KEY: sim.rootKey,
    PONTE_WHATSAPP_VERSION_URL: '',
    ...(sim.caFile ? { PONTE_WHATSAPP_CA_FILE: sim.caFile } : {}),
  };
}

/** What a test process gets of the environment: nothing of Ponte's but what the test sets. */
function cleanEnvironment() {
  const clean = {};
  for (const name of Object.keys(process.env)) if (name.startsWith('PONTE_')) clean[name] = undefined;
  return clean;
}

/** Starts the program with these variables and arguments; for runs that are to end by themselves. */
export function runPonted(env = {}, args = []) {
  return new Program(program('ponted'), args, { env: { ...cleanEnvironment(), ...env }, cwd: os.tmpdir() });
}

/** Starts a ponted on `dataDir` and waits until it is healthy. */
export async function startPonted({ dataDir, env = {}, args = [] }) {
  const port = await freePorts();
  const process = runPonted(
    {
      PONTE_LISTEN: `127.0.0.1:${port}`,
      PONTE_WS_LISTEN: `127.0.0.1:${port + 1}`,
      PONTE_DATA_DIR: dataDir,
      PONTE_ACCOUNT_TOKEN: accountToken,
      PONTE_RATE_LIMIT: '100000',
      PONTE_CREATE_RATE_LIMIT: '100000',
      PONTE_WHATSAPP_VERSION_URL: '',
      ...env,
    },
    args,
  );
  const ponted = new Ponted(process, `http://127.0.0.1:${port}`);
  await until('ponted is healthy', async () => {
    if (process.end) throw new Error(`ponted ended at start: ${JSON.stringify(process.end)}\n${process.output()}`);
    const answer = await fetch(`${ponted.url}/health`).catch(() => null);
    return answer?.status === 200;
  }).catch(async (error) => {
    await process.stop('SIGKILL');
    throw new Error(`${error.message}\n${process.output()}`);
  });
  return ponted;
}

class Ponted {
  constructor(process, url) {
    this.process = process;
    this.url = url;
  }

  /** One request: `{status, headers, body}` with `body` parsed where it is JSON. `token: null` sends none. */
  async request(method, target, { token = accountToken, body, headers = {}, signal = AbortSignal.timeout(90_000) } = {}) {
    const answer = await fetch(this.url + target, {
      method,
      headers: {
        ...(token === null ? {} : { token }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
      signal,
    }).catch((error) => {
      // A connection that breaks is often a program that ended: what it said last tells why.
      if (error instanceof TypeError) error.message += `\n${this.process.output()}`;
      throw error;
    });
    const text = await answer.text();
    const json = (answer.headers.get('content-type') ?? '').includes('json');
    return { status: answer.status, headers: answer.headers, body: json ? JSON.parse(text) : text };
  }

  create(name, more = {}) {
    return this.request('POST', '/api/instance/new', { body: { name, ...more } });
  }

  connect(name, options = {}) {
    return this.request('GET', `/api/instance/connect/${name}${options.query ?? ''}`, options);
  }

  remove(name, options) {
    return this.request('DELETE', `/api/instance/delete/${name}`, options);
  }

  /** The item of one instance in the list. */
  async instance(name) {
    const answer = await this.request('GET', `/api/instance/list?instanceName=${name}`);
    if (answer.status !== 200) throw new Error(`list of ${name}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body.instances[0];
  }

  /** Waits until the list says that state; gives the item. */
  async reached(name, state, seconds = 30) {
    let last;
    return until(`${name} is ${state}`, async () => {
      last = await this.instance(name);
      return last.connection.state === state && last;
    }, seconds).catch((error) => {
      throw new Error(`${error.message}; it is ${JSON.stringify(last?.connection)} ${JSON.stringify(last?.reason)}\n${this.process.output()}`);
    });
  }

  stop(signal = 'SIGTERM') {
    return this.process.stop(signal);
  }
}
