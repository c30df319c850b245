// `ponte sim`: WhatsApp's server and a phone, on loopback.
import { Program, program, until } from './process.mjs';

/** Starts a simulator; `url`, `rootKey` and `caFile` are what clients are pointed with. */
export async function startSim(args = [], listen = '127.0.0.1:0') {
  const process = new Program(program('ponte'), ['sim', '--listen', listen, '--json', ...args]);
  const facts = await process.line('its JSON line', (line) => line.startsWith('{') && JSON.parse(line));
  return new Sim(process, facts);
}

class Sim {
  constructor(process, facts) {
    this.process = process;
    Object.assign(this, facts);
  }

  /** `POST adminUrl/path`; gives the answer's JSON, or rejects with what it said. */
  async admin(path, body) {
    const answer = await fetch(`${this.adminUrl}/${path}`, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body ?? {}),
      signal: AbortSignal.timeout(20_000),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`sim: POST /${path}: ${answer.status} ${text}`);
    return text === '' ? {} : JSON.parse(text);
  }

  async state() {
    const answer = await fetch(`${this.adminUrl}/state`, { signal: AbortSignal.timeout(20_000) });
    if (!answer.ok) throw new Error(`sim: GET /state: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  /** The phone scans what the client shows. */
  scan(qr) {
    return this.admin('scan', qr);
  }

  /** The phone's user types the code that the client shows. */
  enterCode(number, code) {
    return this.admin('enter-code', { number, code });
  }

  /** The phone's passkey signs request options, an object or its JSON: `assertion`, and `credentialId` in base64url. */
  passkeyAssertion(options) {
    return this.admin('passkey-assertion', { options });
  }

  /**
   * The next connection (`scope`: another choice) freezes when a message of this kind has come, or its n-th. The
   * message has no effect then, unless `scope` has `freezeAfterEffect`.
   */
  freeze(on, scope = { next: 1 }) {
    return this.fail({ ...(typeof on === 'number' ? { freezeAfter: on } : { freezeOn: on }), ...scope });
  }

  /** Waits for a connection that is frozen; gives it. */
  frozen(seconds) {
    return this.until('a frozen connection', ({ connections }) => connections.find(({ frozen }) => frozen), seconds);
  }

  /** Waits until the phone shows the code of a passkey pairing; gives it. */
  passkeyCode(seconds) {
    const shown = ({ connections }) => connections.map(({ passkey }) => passkey?.code).find(Boolean);
    return this.until("the phone's passkey code", shown, seconds);
  }

  /** Goes wrong as told (`chain`, `handshake`, `pairSuccess`, ...): the `next` so many connections, else from now on. */
  fail(faults) {
    return this.admin('fail', faults);
  }

  /** Waits until `accept(state)` gives something truthy. */
  until(what, accept, seconds = 30) {
    return until(`sim: ${what}`, async () => accept(await this.state()), seconds);
  }

  stop() {
    return this.process.stop();
  }
}
