// Files of media hosts and chunks of history, between Baileys and Ponte, in both directions.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import test from 'node:test';
import { deflateSync } from 'node:zlib';
import { Driver } from './clients/driver.mjs';
import { needs } from './clients/optional.mjs';

const needed = needs('@whiskeysockets/baileys');
const baileys = () => import('@whiskeysockets/baileys');

// Baileys names types in its own way.
const types = [
  ['image', 'image'],
  ['video', 'video'],
  ['audio', 'audio'],
  ['document', 'document'],
  ['md-msg-hist', 'md-msg-hist'],
  ['md-app-state', 'md-app-state'],
];

function driver(t) {
  const ponte = new Driver('tests/history_driver');
  t.after(() => ponte.end());
  return ponte;
}

const asHex = (buffer) => Buffer.from(buffer).toString('hex');

/** What Baileys fetches from a media host is this file. */
async function hosting(file, work) {
  const real = globalThis.fetch;
  globalThis.fetch = async () => new Response(file);
  try {
    return await work();
  } finally {
    globalThis.fetch = real;
  }
}

async function all(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

for (const [type, theirs] of types) {
  test(`Ponte opens ${type} files of Baileys, and Baileys those of Ponte`, needed, async (t) => {
    const { encryptedStream, downloadContentFromMessage } = await baileys();
    const ponte = driver(t);
    for (const size of [0, 1, 15, 16, 17, 1000, 100_000]) {
      const plain = randomBytes(size);
      const made = await encryptedStream(plain, theirs);
      const file = await readFile(made.encFilePath);
      await rm(made.encFilePath);
      const message = { type, mediaKey: made.mediaKey, fileSha256: made.fileSha256, fileEncSha256: made.fileEncSha256, fileLength: made.fileLength };
      assert.equal((await ponte.ask('open', { ...message, file })).plain, plain.toString('hex'));
      file[size >> 1] ^= 1;
      await assert.rejects(ponte.ask('open', { ...message, file }), { code: 'MEDIA_DAMAGED' });

      const mediaKey = randomBytes(32);
      const sealed = await ponte.ask('seal', { type, mediaKey, plain });
      const opened = await hosting(Buffer.from(sealed.file, 'hex'), async () =>
        all(await downloadContentFromMessage({ mediaKey, directPath: '/a' }, theirs)));
      assert.ok(opened.equals(plain), `${size} bytes`);
    }
  });
}

test('Baileys reads a history file of Ponte', needed, async (t) => {
  const { downloadHistory, proto } = await baileys();
  const ponte = driver(t);
  const plain = proto.HistorySync.encode(someHistory(proto)).finish();
  const mediaKey = randomBytes(32);
  const { bytes } = await ponte.ask('deflate', { plain: asHex(plain) });
  const sealed = await ponte.ask('seal', { type: 'md-msg-hist', mediaKey, plain: bytes });
  const read = await hosting(Buffer.from(sealed.file, 'hex'), () => downloadHistory({ mediaKey, directPath: '/a' }, {}));
  assert.deepEqual(Buffer.from(proto.HistorySync.encode(read).finish()), Buffer.from(plain));
});

/** Chats under numbers and LIDs, groups, statuses, names: what a phone may tell. */
function someHistory(proto) {
  const conversations = [];
  const phoneNumberToLidMappings = [];
  const pushnames = [];
  for (let i = 0; i < 40; i++) {
    const pn = `1555000${100 + i}@s.whatsapp.net`;
    const id = i % 3 === 0 ? `12036300${i}@g.us` : pn;
    if (i % 3 === 2) phoneNumberToLidMappings.push({ pnJid: pn, lidJid: `900${i}@lid` });
    if (i % 2 === 0) pushnames.push({ id: pn, pushname: `Name ${i}` });
    const messages = [];
    for (let n = 0; n < 25; n++) {
      const fromMe = n % 5 === 0;
      messages.push({
        message: {
          key: { remoteJid: id, fromMe, id: `3EB0${i}X${n}`, participant: i % 3 === 0 && !fromMe ? pn : undefined },
          message: n % 7 === 3 ? { extendedTextMessage: { text: `longer ${i}/${n} é`, contextInfo: { mentionedJid: [pn] } } } : { conversation: `text ${i}/${n}` },
          messageTimestamp: 1_748_000_000 - n * 60,
          pushName: fromMe ? undefined : `Name ${i}`,
          status: fromMe ? 4 : undefined,
          messageSecret: n % 4 === 0 ? randomBytes(32) : undefined,
        },
        msgOrderId: n,
      });
    }
    // A stub, as phones have many.
    messages.push({ message: { key: { remoteJid: id, id: `STUB${i}` }, messageTimestamp: 1_748_000_001, messageStubType: 27, messageStubParameters: [pn] } });
    conversations.push({ id, messages, name: i % 3 === 0 ? `Group ${i}` : undefined, unreadCount: i, archived: i % 5 === 0, participant: [{ userJid: pn }] });
  }
  const statusV3Messages = [{ key: { remoteJid: 'status@broadcast', id: 'STATUS1', participant: '1555000100@s.whatsapp.net' }, message: { conversation: 'a status' }, messageTimestamp: 1_748_000_000 }];
  return proto.HistorySync.fromObject({ syncType: 3, progress: 100, conversations, phoneNumberToLidMappings, pushnames, statusV3Messages, globalSettings: { fontSize: 3 } });
}

test('Ponte and Baileys read the same in a chunk', needed, async (t) => {
  const { processHistoryMessage, proto } = await baileys();
  const ponte = driver(t);
  const plain = Buffer.from(proto.HistorySync.encode(someHistory(proto)).finish());
  const ours = await ponte.ask('import', { chunk: deflateSync(plain) });
  const theirs = processHistoryMessage(proto.HistorySync.decode(plain));

  const lidOf = new Map(theirs.lidPnMappings.map(({ lid, pn }) => [pn, lid]));
  const known = (jid) => lidOf.get(jid) ?? jid;
  const expected = theirs.messages
    .filter((one) => one.message)
    .map((one) => {
      const content = Buffer.from(proto.Message.encode(one.message).finish());
      return {
        chat: known(one.key.remoteJid),
        id: one.key.id,
        fromMe: one.key.fromMe === true,
        sender: one.key.fromMe ? 'me' : known(one.key.participant || one.key.remoteJid),
        at: Number(one.messageTimestamp),
        pushName: one.pushName ?? '',
        text: one.message.conversation || one.message.extendedTextMessage.text,
        content: content.toString('hex'),
      };
    });
  const byName = (a, b) => `${a.chat} ${a.id}`.localeCompare(`${b.chat} ${b.id}`);
  const seen = ours.messages
    .filter((one) => one.chat !== 'status@broadcast')
    // The secret that stands beside a message is put behind it.
    .map(({ type, content, ...one }) => ({ ...one, content: content.replace(/9a02221a20[0-9a-f]{64}$/, '') }));
  assert.equal(seen.length, 40 * 25);
  assert.deepEqual(seen.sort(byName), expected.sort(byName));
  assert.ok(ours.messages.every((one) => one.type === 'text'));
  assert.deepEqual(ours.messages.filter((one) => one.chat === 'status@broadcast').map((one) => one.text), ['a status']);
  assert.equal(ours.unreadable, 0);
  assert.equal(ours.conversations, 40);
  for (const chat of theirs.chats) {
    const found = ours.chats.find((one) => one.jid === known(chat.id));
    assert.equal(found.unread, chat.unreadCount);
    assert.equal(found.archived, chat.archived);
    assert.equal(found.name, chat.name ?? '');
  }
  for (const { id, pushname } of someHistory(proto).pushnames) {
    assert.equal(ours.contacts.find((one) => one.jid === known(id)).pushName, pushname);
  }
});

test('Baileys and Ponte understand each other about a file that is gone', needed, async (t) => {
  const { encryptMediaRetryRequest, decryptMediaRetryData, proto } = await baileys();
  const ponte = driver(t);
  const mediaKey = randomBytes(32);
  const id = '3EB0AABBCCDDEEFF001122';

  const ours = await ponte.ask('retryRequest', { id, chat: '1@s.whatsapp.net', own: '1:3@s.whatsapp.net', mediaKey, iv: randomBytes(12) });
  // Baileys opens answers alone; the request is sealed in the same way, and both messages begin with the id.
  const seen = decryptMediaRetryData({ ciphertext: Buffer.from(ours.ciphertext, 'hex'), iv: Buffer.from(ours.iv, 'hex') }, mediaKey, id);
  assert.equal(seen.stanzaId, id);

  const theirs = encryptMediaRetryRequest({ id, remoteJid: '1@s.whatsapp.net', fromMe: true }, mediaKey, '1:3@s.whatsapp.net');
  const [ciphertext, iv] = theirs.content[0].content.map((node) => node.content);
  // A request has no path in it: it opens, and says nothing of use.
  await assert.rejects(ponte.ask('retryAnswer', { id, mediaKey, ciphertext: Buffer.from(ciphertext), iv: Buffer.from(iv) }), { code: 'MEDIA_UNAVAILABLE' });
  await assert.rejects(ponte.ask('retryAnswer', { id: 'OTHER', mediaKey, ciphertext: Buffer.from(ciphertext), iv: Buffer.from(iv) }), { code: 'DECRYPTION_FAILED' });
});
