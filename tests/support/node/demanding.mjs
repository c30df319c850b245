// An account that lets no device in without its passkey, and the ponted that is to be linked with it.
import assert from 'node:assert/strict';
import { until } from './process.mjs';
import { pointedAt } from './ponted.mjs';
import { HeardService } from './said.mjs';
import { prepareService } from './service.mjs';

export const number = '5511912345678';

export async function startDemanding(t) {
  const demanding = await prepareService(t, Demanding);
  await demanding.start({ ...pointedAt(demanding.sim), PONTE_LOG: 'trace' });
  return demanding;
}

/** How a phone's user answers what connect shows. The phone learns only later what becomes of it. */
export const ways = {
  scan: { query: '', approve: (sim, { qrCode }) => sim.scan(qrCode) },
  code: { query: `?number=${number}`, approve: (sim, { pairingCode }) => sim.enterCode(number, pairingCode) },
};

class Demanding extends HeardService {
  /**
   * A new instance up to the phone's approval, over a connection with these faults besides the demand. `outcome`
   * settles when the phone knows: what it was told, or an Error.
   */
  async approve(name, { way = ways.scan, faults = {} } = {}) {
    await this.ponted.create(name);
    await this.sim.fail({ passkey: true, ...faults, next: 1 });
    const { status, body } = await this.ponted.connect(name, { query: way.query });
    assert.equal(status, 200, JSON.stringify(body));
    return { outcome: way.approve(this.sim, body).catch((error) => error) };
  }

  /** The same, up to the demand. */
  async demand(name, options) {
    const approved = await this.approve(name, options);
    const item = await this.ponted.reached(name, 'passkey_required');
    return { ...approved, item };
  }

  passkey(name, options) {
    return this.ponted.request('GET', `/v1/instances/${name}/passkey`, options);
  }

  submit(name, assertion, options = {}) {
    return this.ponted.request('POST', `/v1/instances/${name}/passkey`, { body: assertion, ...options });
  }

  confirm(name, options) {
    return this.ponted.request('POST', `/v1/instances/${name}/passkey/confirm`, options);
  }

  /** What the phone's passkey makes of the options that are there now. */
  async assertion(name) {
    const { body } = await this.passkey(name);
    return (await this.sim.passkeyAssertion(body.passkey.publicKey)).assertion;
  }

  /** Waits until the instance has a code to compare; gives it. */
  shownCode(name) {
    return until('a code to compare', async () => {
      const { body } = await this.passkey(name);
      return body.passkey?.stage === 'confirm' && body.passkey.code;
    });
  }

  /** From the demand to a connected account. */
  async finish(name, { outcome }) {
    const taken = await this.submit(name, await this.assertion(name));
    assert.equal(taken.status, 200, JSON.stringify(taken.body));
    assert.equal(await this.shownCode(name), await this.sim.passkeyCode());
    const confirmed = await this.confirm(name);
    assert.equal(confirmed.status, 200, JSON.stringify(confirmed.body));
    const item = await this.ponted.reached(name, 'connected');
    assert.match(item.numberJid, new RegExp(`^${(await outcome).number}@`));
    assert.equal(item.reason, undefined);
  }

  /** An account without a passkey is linked by the next connect. */
  async assertNextConnectWorks(name) {
    await this.pair(name);
    assert.equal((await this.ponted.instance(name)).reason, undefined);
  }
}
