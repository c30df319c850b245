// zapo, pointed at the simulator. It checks the whole certificate chain (all but the dates), the pairing's HMAC
// and the account signature, and logs in by Noise IK with the server key that it kept.
import WebSocket from 'ws';
import { WaClient, createStore } from 'zapo-js';
import { Happenings } from '../../support/node/happenings.mjs';

globalThis.WebSocket ??= WebSocket;

function newStore() {
  let credentials = null;
  const auth = {
    load: async () => credentials,
    save: async (changed) => void (credentials = changed),
    clear: async () => void (credentials = null),
  };
  const store = createStore({ backends: { own: { stores: { auth: () => auth }, caches: {} } }, providers: { auth: 'own' } });
  return { store, credentials: () => credentials };
}

/**
 * Starts linking. Happens: `qr` {text, seconds}, `paired` {meJid, meLid, platform, ...}, `open` {attributes of <success>}, `failed`.
 * `rootKey`: hex of the root that its chain check is given. `code(number, custom)` asks for a pairing code, as soon as
 * there was a `qr`; `logInAgain` opens another connection with what it keeps.
 */
export function linkZapo(sim, { rootKey = sim.rootKey } = {}) {
  const happenings = new Happenings('zapo');
  const { store, credentials } = newStore();
  const logger = { level: 'trace' };
  for (const level of ['trace', 'debug', 'info', 'warn', 'error']) {
    logger[level] = (message, details) => {
      happenings.said(`${level}: ${message} ${JSON.stringify(details ?? {})}`);
      // Why it refused a handshake is said nowhere else: connect() rejects with "max reconnect attempts reached".
      if (level === 'error') happenings.push('failed', { message, ...details });
    };
  }
  const client = new WaClient(
    {
      store,
      sessionId: 'interop',
      chatSocketUrls: [sim.url],
      connectTimeoutMs: 20_000,
      maxReconnectAttempts: 0,
      testHooks: { noiseRootCa: { publicKey: Buffer.from(rootKey, 'hex'), serial: 0 } },
    },
    logger,
  );
  client.on('auth_qr', ({ qr, ttlMs }) => happenings.push('qr', { text: qr, seconds: ttlMs / 1000 }));
  client.on('auth_paired', (event) => happenings.push('paired', event.credentials));
  client.on('connection_success', ({ node }) => happenings.push('open', node.attrs));
  client.on('client_error', ({ error }) => happenings.push('failed', error));
  client.connect().catch((error) => happenings.push('failed', error));

  return {
    next: (kind, seconds) => happenings.next(kind, seconds),
    credentials,
    code: (number, custom) => client.requestPairingCode(number, false, custom),
    linked: async () => {
      const { meJid } = await happenings.next('paired');
      await happenings.next('open');
      return meJid;
    },
    logInAgain: async () => {
      await client.disconnect();
      await client.connect();
      await happenings.next('open');
    },
    end: () => client.disconnect(),
  };
}
