// whatsapp-rust as its npm build (wasm), pointed at the simulator. This build checks the pairing's HMAC and
// account signature, not the certificate chain: WhatsApp's root is not even in it.
import WebSocket from 'ws';
import { createWhatsAppClient, initWasmEngine } from 'whatsapp-rust-bridge';
import { Happenings } from '../../support/node/happenings.mjs';
import { until } from '../../support/node/process.mjs';

// One engine for the process, and so one log.
const listeners = new Set();
const log = (target, ...line) => listeners.forEach((said) => said([target?.target ?? target, ...line].join(' ')));
initWasmEngine({ level: 'debug', trace: log, debug: log, info: log, warn: log, error: log });

/** Frames over a socket of ours. `connect` resolves once the socket is open: earlier, the client would write into it. */
function transport(url) {
  let socket;
  return {
    connect: (handle) =>
      new Promise((resolve, reject) => {
        socket = new WebSocket(url, { perMessageDeflate: false, headers: { origin: 'https://web.whatsapp.com' } });
        socket.binaryType = 'nodebuffer';
        socket.on('open', () => (handle.onConnected(), resolve()));
        socket.on('message', (data) => handle.onData(new Uint8Array(data)));
        socket.on('close', () => handle.onDisconnected());
        socket.on('error', reject);
      }),
    send: (data) => void socket.send(data.slice()),
    disconnect: () => void socket?.close(),
  };
}

/**
 * Starts linking. Happens: `qr` {text, seconds}, `passkey` {options}, `paired` {jid, lid, platform}, `failed`.
 * `loggedIn` waits for <success>; `code(number, custom)` asks for a pairing code, as soon as there was a `qr`;
 * `logInAgain` opens another connection with what it keeps.
 */
export async function linkWasm(sim) {
  const happenings = new Happenings('whatsapp-rust');
  const said = (line) => happenings.said(line);
  listeners.add(said);
  const onEvent = ({ type, data }) => {
    if (type === 'qr') happenings.push('qr', { text: data.code, seconds: data.timeout });
    else if (type === 'pair_passkey_request') happenings.push('passkey', { options: JSON.parse(data.request_options_json) });
    else if (type === 'pair_success') happenings.push('paired', { ...data, jid: data.id });
    else if (['pair_error', 'connect_failure', 'logged_out', 'client_outdated', 'stream_error', 'temporary_ban'].includes(type)) {
      happenings.push('failed', { type, ...data });
    }
  };
  const nothing = { execute: async () => ({ statusCode: 503, body: new Uint8Array() }) };
  const client = await createWhatsAppClient(transport(sim.url), nothing, onEvent, null, null, [2, 3000, 1033105955]);
  client.run();
  // Its own `connected` event waits for an app-state sync; what <success> changes is this.
  const loggedIn = () => until('whatsapp-rust is logged in', () => client.isLoggedIn());
  return {
    next: (kind, seconds) => happenings.next(kind, seconds),
    loggedIn,
    code: (number, custom) => client.requestPairingCode(number, custom),
    linked: async () => {
      const { jid } = await happenings.next('paired');
      await loggedIn();
      return jid;
    },
    logInAgain: () => client.reconnect(),
    end: () => {
      listeners.delete(said);
      return client.disconnect();
    },
  };
}
