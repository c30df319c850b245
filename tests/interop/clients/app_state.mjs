// App state as devices write and read it: ours behind tests/interop/driver, and Baileys. Bytes are Buffers.
import { createHmac, hkdfSync } from 'node:crypto';
import { Driver } from './driver.mjs';

/** Ours. An operation that is refused rejects with an Error whose `code` is the cause. */
export class Ponte {
  #driver;

  constructor(seed) {
    this.#driver = new Driver('tests/app_state_driver', [String(seed)]);
  }
  /** The latest one seals. */
  key(id, data) {
    return this.#driver.ask('key', { id, data });
  }
  /** What is left of the collection: { version, hash, skipped, actions }. */
  patch(collection, bytes) {
    return this.#driver.ask('patch', { collection, bytes });
  }
  snapshot(collection, bytes) {
    return this.#driver.ask('snapshot', { collection, bytes });
  }
  /** A patch of ours, and what holds after it: { patch, version, hash }. */
  async write(collection, actions) {
    const written = await this.#driver.ask('write', { collection, actions });
    return { ...written, patch: Buffer.from(written.patch, 'hex') };
  }
  end() {
    return this.#driver.end();
  }
}

/** What Baileys has of app state, with its keys and collections in memory. */
export class Baileys {
  static async make() {
    return new Baileys(await import('@whiskeysockets/baileys'));
  }

  #keys = new Map();
  #collections = new Map();
  #records = new Map();

  constructor(baileys) {
    this.baileys = baileys;
  }

  key(id, data) {
    this.keyId = id;
    this.#keys.set(id.toString('base64'), { keyData: data });
  }
  #lookup = async (id) => this.#keys.get(id);

  // Baileys goes on where a MAC is wrong, and only warns.
  #warnings = [];
  #logger() {
    return { trace() {}, debug() {}, warn: (fields, text) => this.#warnings.push(`${text}: ${fields.error ?? ''}`) };
  }
  #complain() {
    if (this.#warnings.length > 0) throw new Error(this.#warnings.splice(0).join(', '));
  }

  state(collection) {
    return this.#collections.get(collection) ?? this.baileys.newLTHashState();
  }
  hash(collection) {
    return Buffer.from(this.state(collection).hash).toString('hex');
  }

  /** A patch of one mutation, as the server hands it out: with its version. */
  async encode({ type, ...change }) {
    const { patch, state } = await this.baileys.encodeSyncdPatch(
      { type, ...change }, this.keyId.toString('base64'), this.state(type), this.#lookup,
    );
    this.#collections.set(type, state);
    const { SyncdPatch, SyncdMutation } = this.baileys.proto;
    const [{ operation, record }] = patch.mutations;
    const index = Buffer.from(record.index.blob).toString('hex');
    const records = this.#records.get(type) ?? new Map();
    if (operation === SyncdMutation.SyncdOperation.REMOVE) {
      // encodeSyncdPatch notes down a record also for what it has just removed.
      delete state.indexValueMap[Buffer.from(record.index.blob).toString('base64')];
      records.delete(index);
    } else {
      records.set(index, record);
    }
    this.#records.set(type, records);
    return Buffer.from(SyncdPatch.encode({ ...patch, version: { version: state.version } }).finish());
  }

  /** What a chat of Baileys' makes of a change, encoded. */
  modify(change, jid) {
    return this.encode(this.baileys.chatModificationToAppPatch(change, jid));
  }

  /** All records of a collection under the MAC of its hash. Baileys makes none itself; it says whether this is one. */
  async snapshot(collection) {
    const { version, hash } = this.state(collection);
    const { keyData } = this.#keys.get(this.keyId.toString('base64'));
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(version));
    const key = Buffer.from(hkdfSync('sha256', keyData, '', 'WhatsApp Mutation Keys', 160)).subarray(96, 128);
    const mac = createHmac('sha256', key).update(Buffer.concat([hash, counter, Buffer.from(collection)])).digest();
    const records = [...(this.#records.get(collection)?.values() ?? [])];
    const snapshot = { version: { version }, records, mac, keyId: { id: this.keyId } };
    const read = await this.baileys.decodeSyncdSnapshot(collection, snapshot, this.#lookup, undefined, true, this.#logger());
    this.#complain();
    if (!Buffer.from(read.state.hash).equals(Buffer.from(hash))) throw new Error('the snapshot is another');
    return Buffer.from(this.baileys.proto.SyncdSnapshot.encode(snapshot).finish());
  }

  /** The mutations of a patch from elsewhere, by their index. Throws where Baileys does not take it. */
  async decode(collection, bytes) {
    const before = this.state(collection);
    const patch = this.baileys.proto.SyncdPatch.decode(bytes);
    patch.version = { version: before.version + 1 };
    const { state, mutationMap } = await this.baileys.decodePatches(
      collection, [patch], before, this.#lookup, {}, undefined, this.#logger(), true,
    );
    this.#complain();
    this.#collections.set(collection, state);
    return mutationMap;
  }
}
