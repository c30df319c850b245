// Baileys, pointed at the simulator. It checks the pairing's HMAC, but neither the certificate chain nor the
// account signature: its verify() ignores the result. It proves framing, Noise, protobufs and the flow of nodes.
import pino from 'pino';
import baileys, * as lib from '@whiskeysockets/baileys';
import { Happenings } from '../../support/node/happenings.mjs';

// Its Signal library prints each session that it closes, keys and all.
console.info = () => {};

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

/** The same in a folder, as Baileys' own useMultiFileAuthState keeps it. */
async function storedAuth(folder) {
  const { state, saveCreds } = await lib.useMultiFileAuthState(folder);
  state.creds.registrationId ||= 1;
  return { ...state, saved: saveCreds };
}

const historyTypes = Object.fromEntries(Object.entries(lib.proto.HistorySync.HistorySyncType).map(([name, value]) => [value, name]));

// It has no setting for the host of files: what it fetches there, it gets from the simulator that it is linked to last.
let mediaHost;
const realFetch = globalThis.fetch;
globalThis.fetch = (url, options) => {
  const { host, pathname, search } = new URL(url);
  return host === 'mmg.whatsapp.net' && mediaHost ? realFetch(new URL(pathname + search, mediaHost)) : realFetch(url, options);
};

/** How far a message of its own has got; the first news of it may come with the message itself. */
const statuses = { 3: '', 4: 'read', 5: 'played' };

function happened(happenings, { key, message, pushName, messageStubType, status }) {
  if (key.fromMe && status in statuses) happenings.push('receipt', { ids: [key.id], type: statuses[status] });
  if (messageStubType === lib.WAMessageStubType.CIPHERTEXT) return happenings.push('undecryptable', { id: key.id });
  if (!message || message.protocolMessage || message.senderKeyDistributionMessage?.groupId && Object.keys(message).length === 1) return;
  const text = message.conversation ?? message.extendedTextMessage?.text ?? '';
  const { id, remoteJid: chat, participant, fromMe: own } = key;
  happenings.push('message', { id, chat, sender: participant || chat, own, text, pushName });
}

/**
 * Starts linking. Happens: `qr` {text}, `paired` {jid, lid, platform}, `restart` (stream error 515: the next
 * connection is opened as an application has to), `open` (<success> of the login), `message` {id, chat, sender, own, text,
 * pushName}, `undecryptable` {id}, `receipt` {ids, type, sender}, `history` {type, chats, messages}, `muted` {id}, `failed`.
 * `code(number, custom)` asks for a pairing code, as soon as there was a `qr`; `logInAgain` opens another connection with
 * what it keeps, which is in memory, or in `folder`; `send(jid, text)` gives the id; `mute(jid)` writes app state,
 * `learns('mute')` waits until it has read of a muted chat.
 */
export function linkBaileys(sim, { agent, folder } = {}) {
  const happenings = new Happenings('Baileys');
  mediaHost = sim.adminUrl;
  let auth;
  let saving = Promise.resolve();
  const sent = new Map();
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
      // What it has sent, for those who ask again.
      getMessage: async ({ id }) => sent.get(id),
    });
    socket = current;
    current.ev.on('creds.update', (change) => {
      Object.assign(auth.creds, change);
      if (auth.saved) saving = saving.then(auth.saved);
      if (change.account && change.me) {
        happenings.push('paired', { jid: change.me.id, lid: change.me.lid, platform: change.platform });
      }
    });
    current.ev.on('messages.upsert', ({ messages }) => messages.forEach((one) => happened(happenings, one)));
    current.ev.on('messages.update', (updates) => {
      for (const { key, update } of updates) {
        if (update.message) happened(happenings, { key, ...update });
        else if (update.status in statuses) happenings.push('receipt', { ids: [key.id], type: statuses[update.status] });
      }
    });
    current.ev.on('message-receipt.update', (updates) => {
      for (const { key, receipt } of updates) {
        happenings.push('receipt', { ids: [key.id], type: receipt.readTimestamp ? 'read' : '', sender: receipt.userJid });
      }
    });
    current.ev.on('messaging-history.set', ({ syncType, chats, messages }) =>
      happenings.push('history', { type: historyTypes[syncType] ?? syncType, chats: chats.length, messages: messages.length }),
    );
    current.ev.on('chats.update', (chats) => chats.forEach(({ id, muteEndTime }) => muteEndTime && happenings.push('muted', { id })));
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
  const begun = (async () => {
    auth = folder ? await storedAuth(folder) : newAuth();
    if (!ended) connect();
  })();

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
    send: async (to, text) => {
      const { key, message } = await socket.sendMessage(to, { text });
      sent.set(key.id, message);
      return key.id;
    },
    learns: () => happenings.next('muted', 60),
    mute: (jid) => socket.chatModify({ mute: 8 * 3600 * 1000 }, jid),
    end: async () => {
      ended = true;
      await begun;
      await socket?.end(undefined);
      await saving;
    },
  };
}
