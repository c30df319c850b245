// Baileys, pointed at the simulator. It checks the pairing's HMAC, but neither the certificate chain nor the
// account signature: its verify() ignores the result. It proves framing, Noise, protobufs and the flow of nodes.
import pino from 'pino';
import baileys, * as lib from '@whiskeysockets/baileys';
import { Happenings } from '../../support/node/happenings.mjs';

const makeSocket = typeof baileys === 'function' ? baileys : lib.makeWASocket;

/** Credentials and keys of a device that was never linked, in memory. */
function newAuth() {
  const values = new Map();
  const creds = lib.initAuthCreds();
  // It draws one byte, and so one time in 256 the registration id 0, which is none.
  creds.registrationId ||= 1;
  return {
    creds,
    keys: {
      get: async (type, ids) => Object.fromEntries(ids.map((id) => [id, values.get(`${type}/${id}`)]).filter(([, value]) => value)),
      set: async (data) => {
        for (const [type, entries] of Object.entries(data)) {
          for (const [id, value] of Object.entries(entries)) {
            if (value) values.set(`${type}/${id}`, value);
            else values.delete(`${type}/${id}`);
          }
        }
      },
    },
  };
}

/**
 * Starts linking. Happens: `qr` {text}, `paired` {jid, lid, platform}, `restart` (stream error 515: the next
 * connection is opened as an application has to), `open` (<success> of the login), `failed`. `code(number, custom)`
 * asks for a pairing code, as soon as there was a `qr`; `logInAgain` opens another connection with what it keeps.
 */
export function linkBaileys(sim, { agent } = {}) {
  const happenings = new Happenings('Baileys');
  const auth = newAuth();
  let socket;
  let ended = false;

  const connect = () => {
    const current = makeSocket({
      waWebSocketUrl: sim.url,
      auth,
      agent,
      version: [2, 3000, 1033105955],
      logger: pino({ level: 'debug' }, { write: (line) => happenings.said(line.trim()) }),
      syncFullHistory: false,
      fireInitQueries: true,
      markOnlineOnConnect: true,
    });
    socket = current;
    current.ev.on('creds.update', (change) => {
      Object.assign(auth.creds, change);
      if (change.account && change.me) {
        happenings.push('paired', { jid: change.me.id, lid: change.me.lid, platform: change.platform });
      }
    });
    current.ev.on('connection.update', (update) => {
      if (ended || socket !== current) return;
      if (update.qr) happenings.push('qr', { text: update.qr });
      if (update.connection === 'open') happenings.push('open', {});
      if (update.connection === 'close') {
        const code = update.lastDisconnect?.error?.output?.statusCode;
        if (code === lib.DisconnectReason.restartRequired) {
          happenings.push('restart');
          connect();
        } else {
          happenings.push('failed', update.lastDisconnect?.error ?? {});
        }
      }
    });
  };
  connect();

  return {
    next: (kind, seconds) => happenings.next(kind, seconds),
    code: (number, custom) => socket.requestPairingCode(number, custom),
    linked: async () => {
      const { jid } = await happenings.next('paired');
      await happenings.next('open');
      return jid;
    },
    logInAgain: async () => {
      const old = socket;
      socket = undefined;
      await old.end(undefined);
      connect();
      await happenings.next('open');
    },
    end: () => {
      ended = true;
      socket?.end(undefined);
    },
  };
}
