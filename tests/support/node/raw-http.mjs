// HTTP over a bare socket: for what fetch does not send, and for answers that come before the request is complete or
// that do not end.
import net from 'node:net';
import { accountToken } from './ponted.mjs';

/**
 * The bytes of a request. `headers`: pairs, whose values may be bytes; `token: null` sends none. `length` is said in
 * place of the body's.
 */
export function requestBytes(method, target, { token = accountToken, headers = [], body, length } = {}) {
  const pieces = [Buffer.from(`${method} ${target} HTTP/1.1\r\nHost: ponte\r\nConnection: close\r\n`, 'latin1')];
  const line = (name, value) => pieces.push(Buffer.from(`${name}: `), Buffer.from(value, 'latin1'), Buffer.from('\r\n'));
  if (token !== null) line('token', token);
  for (const [name, value] of headers) line(name, value);
  const bytes = body === undefined ? undefined : Buffer.from(body);
  if (bytes ?? length) line('Content-Length', String(length ?? bytes.length));
  return Buffer.concat([...pieces, Buffer.from('\r\n'), bytes ?? Buffer.alloc(0)]);
}

/** Status, headers and where the body begins, once all of the head is there. */
function readHead(bytes) {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const [first, ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const headers = new Headers();
  for (const line of lines) headers.append(line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim());
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1]), headers, from: end + 4 };
}

function parsed(headers, text) {
  return (headers.get('content-type') ?? '').includes('json') && text !== '' ? JSON.parse(text) : text;
}

/** An upgrade and an event stream have no body that ends; a 304 has none. */
function isComplete({ status, headers, from }, got) {
  if (status === 101 || status === 304 || headers.get('content-type')?.startsWith('text/event-stream')) return true;
  const length = headers.get('content-length');
  return length !== null && got.length >= from + Number(length);
}

/** Sends these bytes to `url` on a connection of its own; the answer is as `ponted.request` gives it. */
export function exchange(url, bytes, seconds = 30) {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let got = Buffer.alloc(0);
    let broken = null;
    const socket = net.connect(Number(port), hostname, () => socket.write(bytes));
    const end = (settle, value) => {
      socket.destroy();
      settle(value);
    };
    const answered = () => {
      const head = readHead(got);
      if (!head || !isComplete(head, got)) return null;
      return { status: head.status, headers: head.headers, body: parsed(head.headers, got.toString('utf8', head.from)) };
    };
    const what = () => `${bytes.toString('latin1', 0, 120)}\n${got.toString('latin1')}`;
    socket.setTimeout(seconds * 1000, () => end(reject, new Error(`no whole answer within ${seconds} s: ${what()}`)));
    // Of a request that is refused halfway the rest meets a closed connection; its answer may be here all the same.
    socket.on('error', (error) => (broken = error));
    socket.on('data', (data) => {
      got = Buffer.concat([got, data]);
      const answer = answered();
      if (answer) end(resolve, answer);
    });
    socket.on('close', () => {
      const answer = answered();
      if (answer) resolve(answer);
      else reject(new Error(`the connection ended without a whole answer: ${broken?.message ?? 'closed'}: ${what()}`));
    });
  });
}
