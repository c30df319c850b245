// A simulator and a ponted that is pointed at it, for tests that need both and may start ponted again.
import assert from 'node:assert/strict';
import { pointedAt, startPonted, temporaryFolder } from './ponted.mjs';
import { startSim } from './sim.mjs';

/** Both on a data directory of their own, gone when the test is over. */
export async function startService(t, { simArgs, env = {} } = {}) {
  const service = await prepareService(t, Service, simArgs);
  await service.start({ ...pointedAt(service.sim), ...env });
  return service;
}

/** Waits until the device that is linked to that phone can be written to. */
export function canBeWrittenTo(sim, number) {
  return sim.until(`${number} has a device with prekeys`, ({ phones }) =>
    phones.find((phone) => phone.number === number)?.companions.some(({ prekeys }) => prekeys > 0),
  );
}

/** The same without a ponted yet; `Kind` is a Service, or what adds to it. */
export async function prepareService(t, Kind, simArgs = []) {
  const sim = await startSim(simArgs);
  t.after(() => sim.stop());
  const service = new Kind(sim, await temporaryFolder(t));
  t.after(() => service.ponted?.stop('SIGKILL'));
  return service;
}

export class Service {
  constructor(sim, dataDir) {
    Object.assign(this, { sim, dataDir });
  }

  /** Starts a ponted in place of the one that has ended; `ponted` is the one that runs now. */
  async start(env = this.env) {
    this.env = env;
    this.ponted = await startPonted({ dataDir: this.dataDir, env });
    return this.ponted;
  }

  /** Ends ponted by that signal and starts it again. */
  async restart(signal) {
    await this.ponted.stop(signal);
    return this.start();
  }

  /** A new instance, scanned and connected: what the phone says of the pairing. */
  async link(name, settings) {
    await this.ponted.create(name, settings);
    return this.pair(name);
  }

  /** The same of an instance that is there. */
  async pair(name) {
    const { status, body } = await this.ponted.connect(name);
    assert.equal(status, 200, JSON.stringify(body));
    const paired = await this.sim.scan(body.qrCode);
    await this.ponted.reached(name, 'connected');
    return paired;
  }

  /** The simulator's counters. */
  async counts() {
    return (await this.sim.state()).counts;
  }
}
