// Proxies on loopback that a test can watch and spoil: HTTP CONNECT and SOCKS5.
import net from 'node:net';
import { listen } from './listen.mjs';

/** `host:port`, the host perhaps in brackets. */
function splitAuthority(text) {
  const [, host, port] = /^(.*):(\d+)$/.exec(text) ?? [];
  return { host: host?.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
}

/** What a socket has brought and nobody has taken yet. */
class Input {
  #held = Buffer.alloc(0);
  #ended = false;
  #wake = () => {};

  constructor(socket) {
    socket.on('data', (data) => {
      this.#held = Buffer.concat([this.#held, data]);
      this.#wake();
    });
    socket.on('close', () => {
      this.#ended = true;
      this.#wake();
    });
  }

  /** The first bytes, as many as `size` gives for what is held; 0 asks for more. Null where the socket ended first. */
  async take(size) {
    for (;;) {
      const count = size(this.#held);
      if (count > 0 && count <= this.#held.length) {
        const taken = this.#held.subarray(0, count);
        this.#held = this.#held.subarray(count);
        return taken;
      }
      if (this.#ended) return null;
      await new Promise((wake) => (this.#wake = wake));
    }
  }

  rest() {
    return this.#held;
  }
}

/** Bytes of either go to the other, and the end of one is the end of both. */
function splice(left, right) {
  for (const [from, to] of [[left, right], [right, left]]) {
    from.pipe(to);
    from.on('error', () => {});
    from.on('close', () => to.destroy());
  }
}

/** Another port that leads to `target` on 127.0.0.1, and counts who comes by it: `taken`. */
export async function startDoor(target) {
  const server = await listen((socket) => {
    door.taken++;
    splice(socket, net.connect(target, '127.0.0.1'));
  });
  const door = { taken: 0, port: server.port, close: server.close };
  return door;
}

/**
 * Starts a proxy that speaks `protocol`, "http" or "socks5".
 *
 * With `username` and `password` it wants them; without, it takes no credentials. It reaches loopback only: addresses
 * as they are, names as `hosts` has them, with their port or without: {"web.invalid": 8443, "web.invalid:80": 8080} are
 * ports on 127.0.0.1.
 */
export async function startProxy({ protocol = 'http', username, password, hosts = {} } = {}) {
  let proxy;
  const { port, close } = await listen((socket) => proxy.onConnection(socket));
  proxy = new LoopbackProxy(protocol, { username, password, hosts, port, close });
  return proxy;
}

const socksFailures = { unreachable: 4, notAllowed: 2 };
const httpFailures = { unreachable: 502, notAllowed: 403 };

class LoopbackProxy {
  connections = 0; // that came, whatever became of them
  denied = 0; // of them, with other credentials than it wants
  requests = []; // {protocol, host, port, user}, as it was asked by whoever it lets in
  bytes = { toTarget: 0, toClient: 0 };
  #refusal = null;
  #words = '';
  #hangs = false;
  #open = new Set();

  constructor(protocol, options) {
    Object.assign(this, { protocol, ...options });
  }

  /** The body that makes an instance use it. */
  get fields() {
    const { protocol, username, password, port } = this;
    return { enabled: true, protocol, host: '127.0.0.1', port: String(port), username, password };
  }

  /** As messages write it. */
  get name() {
    return `${this.protocol}://127.0.0.1:${this.port}`;
  }

  get url() {
    const user = this.username && `${encodeURIComponent(this.username)}:${encodeURIComponent(this.password)}@`;
    return this.name.replace('//', `//${user ?? ''}`);
  }

  /** Answers every request with this HTTP status, perhaps in words of its own, or this reply of SOCKS5, from now on. */
  refuse(code = this.#failures.notAllowed, words = 'No') {
    this.#hangs = false;
    this.#refusal = code;
    this.#words = words;
  }

  /** Accepts and says nothing from now on. */
  hang() {
    this.#hangs = true;
  }

  /** Does its work again. */
  serve() {
    this.#hangs = false;
    this.#refusal = null;
  }

  /** Ends what is open. */
  cut() {
    for (const socket of [...this.#open]) socket.destroy();
  }

  /** Connections that stand, with or without a tunnel through them. */
  get open() {
    return this.#open.size;
  }

  get #failures() {
    return this.protocol === 'http' ? httpFailures : socksFailures;
  }

  async onConnection(socket) {
    this.connections++;
    this.#open.add(socket);
    socket.on('close', () => this.#open.delete(socket));
    if (this.#hangs) return socket.resume();
    const input = new Input(socket);
    const isHttp = this.protocol === 'http';
    const asked = await (isHttp ? this.#readConnect(socket, input) : this.#readSocks(socket, input));
    if (!asked) return;
    this.requests.push({ protocol: this.protocol, ...asked });
    const target = this.#targetOf(asked);
    if (this.#refusal !== null) return this.#say(socket, this.#refusal, 'end');
    if (!target) return this.#say(socket, this.#failures.unreachable, 'end');
    const upstream = net.connect(target.port, target.host);
    upstream.once('error', () => this.#say(socket, this.#failures.unreachable, 'end'));
    upstream.once('connect', () => {
      upstream.removeAllListeners('error');
      this.#say(socket, isHttp ? 200 : 0, 'write');
      socket.removeAllListeners('data');
      upstream.write(input.rest());
      socket.on('data', (data) => (this.bytes.toTarget += data.length));
      upstream.on('data', (data) => (this.bytes.toClient += data.length));
      splice(socket, upstream);
    });
  }

  #targetOf({ host, port }) {
    const mapped = this.hosts[`${host}:${port}`] ?? this.hosts[host];
    if (mapped !== undefined) return { host: '127.0.0.1', port: mapped };
    return host === '127.0.0.1' || host === '::1' ? { host, port } : null;
  }

  #say(socket, code, how) {
    if (this.protocol !== 'http') return socket[how](Buffer.from([5, code, 0, 1, 0, 0, 0, 0, 0, 0]));
    const challenge = code === 407 ? 'Proxy-Authenticate: Basic realm="test"\r\n' : '';
    return socket[how](`HTTP/1.1 ${code} ${code === 200 ? 'Connection established' : this.#words}\r\n${challenge}\r\n`);
  }

  #deny(socket, answer) {
    this.denied++;
    socket.end(answer);
    return null;
  }

  /** RFC 9110 9.3.6: what the request asks for; null where nothing came of it. */
  async #readConnect(socket, input) {
    const end = '\r\n\r\n';
    const head = await input.take((held) => (held.includes(end) ? held.indexOf(end) + end.length : 0));
    const authority = /^CONNECT (\S+) HTTP\/1\.1\r\n/.exec(head ?? '')?.[1];
    if (!authority) return socket.end('HTTP/1.1 400 No\r\n\r\n') && null;
    const credentials = /^proxy-authorization: basic (\S+)\r$/im.exec(head)?.[1];
    const [user, ...password] = credentials ? Buffer.from(credentials, 'base64').toString().split(':') : [];
    if (user !== this.username || (this.username !== undefined && password.join(':') !== this.password)) {
      this.denied++;
      this.#say(socket, 407, 'end');
      return null;
    }
    return { ...splitAuthority(authority), user };
  }

  /** RFC 1928, RFC 1929: the same. */
  async #readSocks(socket, input) {
    const greeting = await input.take((held) => (held.length > 1 ? 2 + held[1] : 0));
    if (greeting?.[0] !== 5) return socket.end() && null;
    const method = this.username === undefined ? 0 : 2;
    if (!greeting.subarray(2).includes(method)) return this.#deny(socket, Buffer.from([5, 0xff]));
    socket.write(Buffer.from([5, method]));
    let user;
    if (method === 2) {
      const name = await input.take((held) => (held.length > 1 ? 2 + held[1] : 0));
      const secret = await input.take((held) => (held.length > 0 ? 1 + held[0] : 0));
      if (!secret) return null;
      user = name.subarray(2).toString();
      if (user !== this.username || secret.subarray(1).toString() !== this.password) {
        return this.#deny(socket, Buffer.from([1, 1]));
      }
      socket.write(Buffer.from([1, 0]));
    }
    const sizes = { 1: () => 10, 3: (held) => 7 + held[4], 4: () => 22 };
    const request = await input.take((held) => (held.length > 4 ? sizes[held[3]](held) : 0));
    if (request?.[1] !== 1) return socket.end() && null;
    return { host: socksHost(request), port: request.readUInt16BE(request.length - 2), user };
  }
}

/** The address of a SOCKS5 request, as it was sent. */
function socksHost(request) {
  const address = request.subarray(4, -2);
  if (request[3] === 3) return address.subarray(1).toString();
  if (request[3] === 1) return address.join('.');
  const groups = Array.from({ length: 8 }, (_, i) => address.readUInt16BE(2 * i).toString(16));
  return new net.SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address;
}
