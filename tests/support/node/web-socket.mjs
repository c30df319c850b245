// WebSockets as a client that others wrote reads them: npm's `ws`, which the interop tests bring.
import { createRequire } from 'node:module';
import { Happenings } from './happenings.mjs';

const require = createRequire(new URL('../../interop/package.json', import.meta.url));
const load = () => {
  try {
    return require('ws').WebSocket;
  } catch {
    return null;
  }
};
const WebSocket = load();

/** `{ skip }` for node:test. */
export function needsWs() {
  return { skip: WebSocket ? false : 'npm ws is not installed (tools/setup.sh test)' };
}

/** Opens one: it with `next()`, or `{ status, body }` where it was refused. */
export function openWebSocket(url, { headers = {}, ...options } = {}) {
  const socket = new WebSocket(url, { headers, ...options });
  const client = new Client(socket);
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(client));
    socket.once('unexpected-response', async (request, answer) => {
      let body = '';
      for await (const chunk of answer) body += chunk;
      resolve({ status: answer.statusCode, headers: answer.headers, body: body.startsWith('{') ? JSON.parse(body) : body });
    });
    socket.once('error', reject);
  });
}

class Client {
  #happenings = new Happenings('the WebSocket');

  constructor(socket) {
    this.socket = socket;
    this.status = 101;
    this.pings = 0;
    socket.on('message', (data) => this.#happenings.push('message', JSON.parse(data.toString())));
    socket.on('close', (code) => this.#happenings.push('close', code));
    socket.on('ping', () => this.pings++);
    socket.on('error', () => {});
  }

  /** The next message, parsed. */
  next(seconds) {
    return this.#happenings.next('message', seconds);
  }

  /** The code with which the server closes it. */
  closed(seconds) {
    return this.#happenings.next('close', seconds);
  }

  close() {
    this.socket.terminate();
  }
}
