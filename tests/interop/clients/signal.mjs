// Devices of the Signal layer: ours behind tests/interop/driver, npm's libsignal with Baileys' group cipher, and
// whatsapp-rust. All speak alike: bytes are Buffers, public keys raw, an address is { name, device }.
import { createRequire } from 'node:module';
import { Driver } from './driver.mjs';

const require = createRequire(import.meta.url);

const typed = (key) => Buffer.concat([Buffer.from([5]), key]);
const raw = (key) => Buffer.from(key).subarray(-32);

/** Ours. An operation that is refused rejects with an Error whose `code` is the cause. */
export class Ponte {
  #driver;
  #ask = (op, fields) => this.#driver.ask(op, fields);

  constructor(seed) {
    this.#driver = new Driver('tests/signal_driver', [String(seed)]);
  }

  async bundle(prekeyId) {
    const bundle = await this.#ask('bundle', { prekeyId });
    for (const key of ['identity', 'signedPrekey', 'signature', 'prekey']) {
      if (bundle[key]) bundle[key] = Buffer.from(bundle[key], 'hex');
    }
    return bundle;
  }
  begin(address, bundle) {
    return this.#ask('processBundle', { ...address, ...bundle });
  }
  async encrypt(address, text) {
    const { type, bytes } = await this.#ask('encrypt', { ...address, plaintext: Buffer.from(text) });
    return { type, bytes: Buffer.from(bytes, 'hex') };
  }
  async decrypt(address, { type, bytes }) {
    const { plaintext } = await this.#ask('decrypt', { ...address, type, bytes });
    return Buffer.from(plaintext, 'hex').toString();
  }
  session(address) {
    return this.#ask('session', address);
  }
  async hasPrekey(id) {
    return (await this.#ask('hasPrekey', { id })).there;
  }

  async distribution(group, own) {
    return Buffer.from((await this.#ask('distribution', { group, ...own })).bytes, 'hex');
  }
  process(group, sender, bytes) {
    return this.#ask('processDistribution', { group, ...sender, bytes });
  }
  async encryptGroup(group, own, text) {
    return Buffer.from((await this.#ask('encryptGroup', { group, ...own, plaintext: Buffer.from(text) })).bytes, 'hex');
  }
  async decryptGroup(group, sender, bytes) {
    return Buffer.from((await this.#ask('decryptGroup', { group, ...sender, bytes })).bytes, 'hex').toString();
  }

  end() {
    return this.#driver.end();
  }
}

/** npm's libsignal, and the group cipher that Baileys has beside it. */
export class Baileys {
  static async make() {
    const libsignal = require('libsignal');
    const group = await import('@whiskeysockets/baileys/lib/Signal/Group/index.js');
    const { SenderKeyName } = await import('@whiskeysockets/baileys/lib/Signal/Group/sender-key-name.js');
    const { SenderKeyRecord } = await import('@whiskeysockets/baileys/lib/Signal/Group/sender-key-record.js');
    return new Baileys(libsignal, { ...group, SenderKeyName, SenderKeyRecord });
  }

  constructor(libsignal, group) {
    this.libsignal = libsignal;
    this.group = group;
    const { curve } = libsignal;
    this.identity = curve.generateKeyPair();
    this.registrationId = 4711;
    this.signedPrekey = curve.generateKeyPair();
    this.prekeys = new Map(Array.from({ length: 20 }, (_, at) => [at + 1, curve.generateKeyPair()]));
    const sessions = new Map();
    const senderKeys = new Map();
    this.storage = {
      loadSession: async (id) => sessions.has(id) && libsignal.SessionRecord.deserialize(JSON.parse(sessions.get(id))),
      storeSession: async (id, record) => void sessions.set(id, JSON.stringify(record.serialize())),
      isTrustedIdentity: () => true,
      loadPreKey: async (id) => this.prekeys.get(id),
      removePreKey: async (id) => void this.prekeys.delete(id),
      loadSignedPreKey: () => this.signedPrekey,
      getOurRegistrationId: () => this.registrationId,
      getOurIdentity: () => this.identity,
      loadSenderKey: async (name) => senderKeys.get(name.toString()) ?? new group.SenderKeyRecord(),
      storeSenderKey: async (name, record) => void senderKeys.set(name.toString(), record),
    };
  }

  #address({ name, device }) {
    return new this.libsignal.ProtocolAddress(name, device);
  }
  #senderKeyName(groupId, { name, device }) {
    return new this.group.SenderKeyName(groupId, { id: name, deviceId: device, toString: () => `${name}.${device}` });
  }

  async bundle(prekeyId) {
    const { curve } = this.libsignal;
    return {
      registrationId: this.registrationId,
      identity: raw(this.identity.pubKey),
      signedPrekeyId: 1,
      signedPrekey: raw(this.signedPrekey.pubKey),
      signature: curve.calculateSignature(this.identity.privKey, this.signedPrekey.pubKey),
      ...(prekeyId && { prekeyId, prekey: raw(this.prekeys.get(prekeyId).pubKey) }),
    };
  }
  async begin(address, bundle) {
    await new this.libsignal.SessionBuilder(this.storage, this.#address(address)).initOutgoing({
      registrationId: bundle.registrationId,
      identityKey: typed(bundle.identity),
      signedPreKey: { keyId: bundle.signedPrekeyId, publicKey: typed(bundle.signedPrekey), signature: bundle.signature },
      ...(bundle.prekeyId && { preKey: { keyId: bundle.prekeyId, publicKey: typed(bundle.prekey) } }),
    });
  }
  async encrypt(address, text) {
    const cipher = new this.libsignal.SessionCipher(this.storage, this.#address(address));
    const { type, body } = await cipher.encrypt(Buffer.from(text));
    return { type: type === 3 ? 'pkmsg' : 'msg', bytes: Buffer.from(body, 'binary') };
  }
  async decrypt(address, { type, bytes }) {
    const cipher = new this.libsignal.SessionCipher(this.storage, this.#address(address));
    const plaintext = await (type === 'pkmsg' ? cipher.decryptPreKeyWhisperMessage(bytes) : cipher.decryptWhisperMessage(bytes));
    return Buffer.from(plaintext).toString();
  }
  async hasPrekey(id) {
    return this.prekeys.has(id);
  }

  async distribution(group, own) {
    const builder = new this.group.GroupSessionBuilder(this.storage);
    return Buffer.from((await builder.create(this.#senderKeyName(group, own))).serialize());
  }
  async process(group, sender, bytes) {
    const message = new this.group.SenderKeyDistributionMessage(null, null, null, null, bytes);
    await new this.group.GroupSessionBuilder(this.storage).process(this.#senderKeyName(group, sender), message);
  }
  async encryptGroup(group, own, text) {
    const cipher = new this.group.GroupCipher(this.storage, this.#senderKeyName(group, own));
    return Buffer.from(await cipher.encrypt(Buffer.from(text)));
  }
  async decryptGroup(group, sender, bytes) {
    const cipher = new this.group.GroupCipher(this.storage, this.#senderKeyName(group, sender));
    return Buffer.from(await cipher.decrypt(bytes)).toString();
  }

  async end() {}
}

/** whatsapp-rust without a connection. Speaks of devices by their JIDs, here all LIDs; hands out no one-time prekeys. */
export class WhatsappRust {
  static own = { name: '111000000000000_1', device: 3 };

  static async make() {
    const { createWhatsAppClient, initWasmEngine } = await import('whatsapp-rust-bridge');
    initWasmEngine({ level: 'error', trace() {}, debug() {}, info() {}, warn() {}, error() {} });
    const records = new Map();
    const store = {
      get: async (space, key) => records.get(`${space}|${key}`) ?? null,
      set: async (space, key, value) => void records.set(`${space}|${key}`, value.slice()),
      delete: async (space, key) => void records.delete(`${space}|${key}`),
    };
    const start = () =>
      createWhatsAppClient(
        { connect: async () => {}, send() {}, disconnect() {} },
        { execute: async () => ({ statusCode: 503, body: new Uint8Array() }) },
        () => {}, store, null, [2, 3000, 1033105955],
      );
    await start();
    // Who it is comes with pairing; sender keys of its own need that.
    const device = JSON.parse(Buffer.from(records.get('device|device')).toString());
    const jid = (user, server) => ({ user, server, agent: 0, device: 3, integrator: 0 });
    Object.assign(device, { pn: jid('5511999999999', 's.whatsapp.net'), lid: jid('111000000000000', 'lid') });
    records.set('device|device', new Uint8Array(Buffer.from(JSON.stringify(device))));
    return new WhatsappRust(await start(), device);
  }

  constructor(client, device) {
    this.client = client;
    this.device = device;
  }

  #jid({ name, device }) {
    return `${name.replace(/_1$/, '')}:${device}@lid`;
  }

  async bundle() {
    return {
      registrationId: this.device.registration_id,
      identity: Buffer.from(this.device.identity_key.slice(32)), // the private half comes first
      signedPrekeyId: this.device.signed_pre_key_id,
      signedPrekey: Buffer.from(this.device.signed_pre_key.slice(32)),
      signature: Buffer.from(this.device.signed_pre_key_signature),
    };
  }
  async begin(address, bundle) {
    await this.client.signalInstallPreKeyBundle(this.#jid(address), {
      registrationId: bundle.registrationId,
      identityKey: bundle.identity,
      signedPreKey: { keyId: bundle.signedPrekeyId, publicKey: bundle.signedPrekey, signature: bundle.signature },
      ...(bundle.prekeyId && { preKey: { keyId: bundle.prekeyId, publicKey: bundle.prekey } }),
    });
  }
  async encrypt(address, text) {
    const { type, ciphertext } = await this.client.signalEncryptMessage(this.#jid(address), Buffer.from(text));
    return { type, bytes: Buffer.from(ciphertext) };
  }
  async decrypt(address, { type, bytes }) {
    return Buffer.from(await this.client.signalDecryptMessage(this.#jid(address), type, bytes)).toString();
  }

  async distribution(group, own) {
    return Buffer.from(await this.client.signalGetSenderKeyDistribution(group, this.#jid(own)));
  }
  process(group, sender, bytes) {
    return this.client.signalProcessSenderKeyDistribution(group, this.#jid(sender), bytes);
  }
  /** Under its own name; `distributed` is the distribution message that comes with the first one. */
  async encryptGroup(group, own, text) {
    const { ciphertext, senderKeyDistributionMessage } = await this.client.signalEncryptGroupMessage(group, Buffer.from(text), '');
    if (senderKeyDistributionMessage) this.distributed = Buffer.from(senderKeyDistributionMessage);
    return Buffer.from(ciphertext);
  }
  async decryptGroup(group, sender, bytes) {
    return Buffer.from(await this.client.signalDecryptGroupMessage(group, this.#jid(sender), bytes)).toString();
  }

  async end() {}
}
