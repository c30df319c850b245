// A ponted that could go out beside its proxy: the way is open, and watched.
import { pointedAt } from './ponted.mjs';
import { startDoor, startProxy } from './proxy.mjs';
import { HeardService } from './said.mjs';
import { prepareService } from './service.mjs';

/** A simulator with TLS, a door to it, and a ponted that is pointed at the door by the name `localhost`. */
export async function startWatched(t, env = {}) {
  const watched = await prepareService(t, Watched, ['--tls']);
  watched.t = t;
  watched.simPort = Number(new URL(watched.sim.url).port);
  watched.door = await startDoor(watched.simPort);
  t.after(watched.door.close);
  const url = `wss://localhost:${watched.door.port}/ws/chat`;
  await watched.start({ ...pointedAt(watched.sim), PONTE_WHATSAPP_URL: url, PONTE_LOG: 'trace', ...env });
  return watched;
}

class Watched extends HeardService {
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

  /** That no answer and no line of any ponted so far has this password, as it is or as it goes over the wire. */
  assertUnsaid({ username = '', password }) {
    this.said.assertHas('instance');
    const basic = Buffer.from(`${username}:${password}`).toString('base64');
    this.said.assertNone([password, encodeURIComponent(password), basic, Buffer.from(password).toString('hex')]);
  }
}
