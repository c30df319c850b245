// A simulator and a ponted that is pointed at it, for tests that need both and may start ponted again.
import { pointedAt, startPonted, temporaryFolder } from './ponted.mjs';
import { startSim } from './sim.mjs';

/** Both on a data directory of their own, gone when the test is over. */
export async function startService(t, { simArgs = [], env = {} } = {}) {
  const sim = await startSim(simArgs);
  t.after(() => sim.stop());
  const service = new Service(sim, await temporaryFolder(t), env);
  t.after(() => service.ponted?.stop('SIGKILL'));
  await service.start();
  return service;
}

class Service {
  constructor(sim, dataDir, env) {
    Object.assign(this, { sim, dataDir, env });
  }

  /** Starts ponted on the data directory; `ponted` is the one that runs now. */
  async start() {
    this.ponted = await startPonted({ dataDir: this.dataDir, env: { ...pointedAt(this.sim), ...this.env } });
    return this.ponted;
  }

  /** Ends ponted by that signal and starts it again. */
  async restart(signal = 'SIGTERM') {
    await this.ponted.stop(signal);
    return this.start();
  }

  /** A new instance, scanned and connected: what the phone says of the pairing. */
  async link(name, settings) {
    await this.ponted.create(name, settings);
    const { body } = await this.ponted.connect(name);
    const paired = await this.sim.scan(body.qrCode);
    await this.ponted.reached(name, 'connected');
    return paired;
  }

  /** The simulator's counters. */
  async counts() {
    return (await this.sim.state()).counts;
  }
}
