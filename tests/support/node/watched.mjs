// A ponted that could go out beside its proxy: the way is open, and watched.
import assert from 'node:assert/strict';
import { pointedAt, startPonted, temporaryFolder } from './ponted.mjs';
import { startDoor, startProxy } from './proxy.mjs';
import { Said } from './said.mjs';
import { startSim } from './sim.mjs';

/** A simulator with TLS, a door to it, and a ponted that is pointed at the door by the name `localhost`. */
export async function startWatched(t, env = {}) {
  const sim = await startSim(['--tls']);
  t.after(() => sim.stop());
  const simPort = Number(new URL(sim.url).port);
  const door = await startDoor(simPort);
  t.after(door.close);
  const url = `wss://localhost:${door.port}/ws/chat`;
  const watched = new Watched(t, { sim, simPort, door, dataDir: await temporaryFolder(t) });
  await watched.start({ ...pointedAt(sim), PONTE_WHATSAPP_URL: url, PONTE_LOG: 'trace', ...env });
  return watched;
}

class Watched {
  #said = new Said();

  constructor(t, facts) {
    this.t = t;
    Object.assign(this, facts);
    t.after(() => this.ponted?.stop('SIGKILL'));
  }

  /** Starts a ponted in place of the one that has ended. */
  async start(env = this.env) {
    this.env = env;
    this.ponted = this.#said.hear(await startPonted({ dataDir: this.dataDir, env }));
    return this.ponted;
  }

  async restart(signal) {
    await this.ponted.stop(signal);
    return this.start();
  }

  /** A proxy by which the door's name and port lead to the simulator, without the door. */
  async proxy({ hosts, ...options } = {}) {
    const proxy = await startProxy({ hosts: { [`localhost:${this.door.port}`]: this.simPort, ...hosts }, ...options });
    this.t.after(proxy.close);
    return proxy;
  }

  /** Sets an instance's proxy from the fields of the contract. */
  setProxy(name, fields, options = {}) {
    return this.ponted.request('POST', `/api/instance/proxy/${name}`, { body: fields, ...options });
  }

  async proxyOf(name) {
    return (await this.ponted.request('GET', `/api/instance/getProxy/${name}`)).body.proxy;
  }

  /** What a proxy has been asked for by an instance that goes to the simulator `times` times, as `user`. */
  requests({ protocol, username }, times) {
    return Array(times).fill({ protocol, host: 'localhost', port: this.door.port, user: username });
  }

  async counts() {
    return (await this.sim.state()).counts;
  }

  /** From a QR to a connected account. */
  async link(name) {
    const { status, body } = await this.ponted.connect(name);
    assert.equal(status, 200, JSON.stringify(body));
    const paired = await this.sim.scan(body.qrCode);
    await this.ponted.reached(name, 'connected');
    return paired;
  }

  /** That no answer and no line of any ponted so far has this password, as it is or as it goes over the wire. */
  assertUnsaid({ username = '', password }) {
    this.#said.assertHas('instance');
    const basic = Buffer.from(`${username}:${password}`).toString('base64');
    this.#said.assertNone([password, encodeURIComponent(password), basic, Buffer.from(password).toString('hex')]);
  }
}
