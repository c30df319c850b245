// App state that Baileys writes is read by Ponte, and the other way round.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Baileys, Ponte } from './clients/app_state.mjs';
import { needs } from './clients/optional.mjs';

const needed = needs('@whiskeysockets/baileys');
const chat = '5511999999999@s.whatsapp.net';
const group = '120363000000000001@g.us';
const keyId = Buffer.from('000000001234', 'hex');
const keyData = Buffer.from(Array.from({ length: 32 }, (_, at) => at));

async function both(t) {
  const ponte = new Ponte(3);
  t.after(() => ponte.end());
  const baileys = await Baileys.make();
  await ponte.key(keyId, keyData);
  baileys.key(keyId, keyData);
  return { ponte, baileys };
}

const lastMessages = [
  { key: { id: '3EB0AA', remoteJid: group, fromMe: false, participant: '5511988888888:3@s.whatsapp.net' }, messageTimestamp: 1748736000 },
];
const range = { last: 1748736000, messages: [{ chat: group, id: '3EB0AA', fromMe: false, participant: '5511988888888@s.whatsapp.net' }] };

// A change as Baileys' users make it, and what it is to Ponte.
const changes = [
  [{ pushNameSetting: 'Ana "A" é/\\' }, chat, 'critical_block', { kind: 'pushName', name: 'Ana "A" é/\\' }],
  [{ contact: { fullName: 'Ana Maria', firstName: 'Ana', lidJid: '98765@lid' } }, chat, 'critical_unblock_low',
    { kind: 'contact', jid: chat, fullName: 'Ana Maria', firstName: 'Ana', lid: '98765@lid' }],
  [{ contact: null }, chat, 'critical_unblock_low', { kind: 'contactRemoved', jid: chat }],
  [{ mute: 1748739600000 }, group, 'regular_high', { kind: 'mute', chat: group, muted: true, until: 1748739600 }],
  [{ mute: null }, group, 'regular_high', { kind: 'mute', chat: group, muted: false, until: null }],
  [{ clear: true, lastMessages }, group, 'regular_high', { kind: 'clearChat', chat: group, starred: true, range }],
  [{ delete: true, lastMessages }, group, 'regular_high', { kind: 'deleteChat', chat: group, media: true, range }],
  [{ deleteForMe: { timestamp: 1748736000, key: { id: '3EB0BB', fromMe: true }, deleteMedia: true } }, chat, 'regular_high',
    { kind: 'deleteForMe', message: { chat, id: '3EB0BB', fromMe: true }, media: true, at: 1748736000 }],
  [{ pin: true }, chat, 'regular_low', { kind: 'pin', chat, pinned: true }],
  [{ pin: false }, chat, 'regular_low', { kind: 'pin', chat, pinned: false }],
  [{ archive: true, lastMessages }, group, 'regular_low', { kind: 'archive', chat: group, archived: true, range }],
  [{ markRead: false, lastMessages }, group, 'regular_low', { kind: 'markRead', chat: group, read: false, range }],
  [{ star: { messages: [{ id: '3EB0CC', fromMe: false }], star: true } }, chat, 'regular_low',
    { kind: 'star', message: { chat, id: '3EB0CC', fromMe: false }, starred: true }],
  [{ addLabel: { id: '7', name: 'New', color: 3, deleted: false } }, '', 'regular',
    { kind: 'label', id: '7', name: 'New', color: 3, deleted: false }],
  [{ addChatLabel: { labelId: '7' } }, chat, 'regular', { kind: 'labelChat', id: '7', chat, labeled: true }],
  [{ removeChatLabel: { labelId: '7' } }, chat, 'regular', { kind: 'labelChat', id: '7', chat, labeled: false }],
];

test('Ponte reads what Baileys changes, patch by patch', needed, async (t) => {
  const { ponte, baileys } = await both(t);
  for (const [change, jid, collection, action] of changes) {
    const taken = await ponte.patch(collection, await baileys.modify(change, jid));
    assert.deepEqual(taken.actions, [action]);
    assert.equal(taken.skipped, 0);
    assert.equal(taken.version, baileys.state(collection).version);
    assert.equal(taken.hash, baileys.hash(collection));
  }
});

test('Ponte reads a snapshot of what Baileys wrote', needed, async (t) => {
  const { ponte, baileys } = await both(t);
  for (const [change, jid] of changes) await baileys.modify(change, jid);
  for (const collection of new Set(changes.map(([, , name]) => name))) {
    const taken = await ponte.snapshot(collection, await baileys.snapshot(collection));
    assert.equal(taken.hash, baileys.hash(collection));
    assert.equal(taken.version, baileys.state(collection).version);
  }
  const low = await ponte.snapshot('regular_low', await baileys.snapshot('regular_low'));
  const ofLow = changes.filter(([change, , collection]) => collection === 'regular_low' && change.pin !== true);
  assert.deepEqual(new Set(low.actions.map((one) => one.kind)), new Set(ofLow.map(([, , , action]) => action.kind)));
  assert.equal(low.actions.length, ofLow.length);
  // A patch upon it.
  const taken = await ponte.patch('regular_low', await baileys.modify({ pin: true }, group));
  assert.deepEqual(taken.actions, [{ kind: 'pin', chat: group, pinned: true }]);
});

test('Ponte refuses what is altered, and takes what was meant after all', needed, async (t) => {
  const { ponte, baileys } = await both(t);
  await ponte.patch('regular_low', await baileys.modify({ pin: true }, chat));
  const bytes = await baileys.modify({ pin: true }, group);
  const { SyncdPatch } = baileys.baileys.proto;
  for (const field of ['patchMac', 'snapshotMac']) {
    const damaged = SyncdPatch.decode(Buffer.from(bytes));
    damaged[field][7] ^= 1;
    await assert.rejects(ponte.patch('regular_low', Buffer.from(SyncdPatch.encode(damaged).finish())), { code: 'APP_STATE_MISMATCH' });
  }
  await assert.rejects(ponte.patch('regular', bytes), { code: 'APP_STATE_MISMATCH' });
  assert.equal((await ponte.patch('regular_low', bytes)).hash, baileys.hash('regular_low'));
});

test('Ponte reads what was written under one key after the other', needed, async (t) => {
  const { ponte, baileys } = await both(t);
  await ponte.patch('regular_low', await baileys.modify({ pin: true }, chat));
  baileys.key(Buffer.from('000000005678', 'hex'), Buffer.alloc(32, 9));
  const bytes = await baileys.modify({ pin: false }, chat);
  await assert.rejects(ponte.patch('regular_low', bytes), { code: 'APP_STATE_KEY_MISSING' });
  await ponte.key(Buffer.from('000000005678', 'hex'), Buffer.alloc(32, 9));
  assert.deepEqual((await ponte.patch('regular_low', bytes)).actions, [{ kind: 'pin', chat, pinned: false }]);
  assert.equal((await ponte.snapshot('regular_low', await baileys.snapshot('regular_low'))).version, 2);
});

// What Ponte writes, and what Baileys finds in it under that index.
const ours = [
  ['critical_block', { kind: 'pushName', name: 'Ponte' }, ['setting_pushName'], { pushNameSetting: { name: 'Ponte' } }, 1],
  ['critical_unblock_low', { kind: 'contact', jid: chat, fullName: 'Ana Maria', firstName: 'Ana', lid: '98765@lid' },
    ['contact', chat], { contactAction: { fullName: 'Ana Maria', firstName: 'Ana', lidJid: '98765@lid' } }, 2],
  ['regular_high', { kind: 'mute', chat: group, until: 1748739600 }, ['mute', group],
    { muteAction: { muted: true, muteEndTimestamp: '1748739600000' } }, 2],
  ['regular_high', { kind: 'star', chat, id: '3EB0AA' }, ['star', chat, '3EB0AA', '1', '0'], { starAction: { starred: true } }, 2],
  ['regular_low', { kind: 'pin', chat, pinned: true }, ['pin_v1', chat], { pinAction: { pinned: true } }, 5],
  ['regular_low', { kind: 'archive', chat, archived: true, last: 1748736000, ids: ['3EB0AA'] }, ['archive', chat],
    { archiveChatAction: { archived: true, messageRange: { lastMessageTimestamp: '1748736000',
      messages: [{ key: { remoteJid: chat, fromMe: true, id: '3EB0AA' }, timestamp: '1748736000' }] } } }, 3],
  ['regular_low', { kind: 'markRead', chat, read: true, last: 1748736000, ids: [] }, ['markChatAsRead', chat],
    { markChatAsReadAction: { read: true, messageRange: { lastMessageTimestamp: '1748736000' } } }, 3],
  ['regular', { kind: 'label', id: '7', name: 'é/"', color: 3 }, ['label_edit', '7'],
    { labelEditAction: { name: 'é/"', color: 3, deleted: false } }, 3],
  ['regular', { kind: 'labelChat', id: '7', chat }, ['label_jid', '7', chat], { labelAssociationAction: { labeled: true } }, 3],
];

/** Without the numbers that JSON has no room for, and what was not set. */
function plain(value) {
  return JSON.parse(JSON.stringify(value, (_, one) => (one !== null && one?.low !== undefined ? one.toString() : one)));
}
function contains(actual, expected, path) {
  for (const [key, value] of Object.entries(expected)) {
    if (value !== null && typeof value === 'object') contains(actual?.[key], value, `${path}.${key}`);
    else assert.equal(String(actual?.[key]), String(value), `${path}.${key}`);
  }
}

test('Baileys reads what Ponte writes, patch by patch', needed, async (t) => {
  const { ponte, baileys } = await both(t);
  for (const [collection, action, index, value, version] of ours) {
    const { patch, hash } = await ponte.write(collection, [action]);
    const mutations = await baileys.decode(collection, patch);
    const text = JSON.stringify(index);
    assert.deepEqual(Object.keys(mutations), [text]);
    contains(plain(mutations[text].syncAction.value), value, text);
    assert.equal(mutations[text].syncAction.version, version);
    assert.equal(baileys.hash(collection), hash);
  }
});

test('Baileys reads many changes of Ponte at once, some of them for the second time', needed, async (t) => {
  const { ponte, baileys } = await both(t);
  const all = ours.filter(([collection]) => collection === 'regular_low').map(([, action]) => action);
  for (let round = 0; round < 3; round++) {
    const { patch, hash, version } = await ponte.write('regular_low', [...all, { kind: 'pin', chat, pinned: round % 2 === 0 }]);
    const mutations = await baileys.decode('regular_low', patch);
    assert.equal(Object.keys(mutations).length, 3);
    assert.equal(baileys.hash('regular_low'), hash);
    assert.equal(baileys.state('regular_low').version, version);
  }
});

test('Baileys and Ponte write in turn', needed, async (t) => {
  const { ponte, baileys } = await both(t);
  for (let round = 0; round < 4; round++) {
    const theirs = await ponte.patch('regular_low', await baileys.modify({ pin: round % 2 === 0 }, chat));
    assert.equal(theirs.hash, baileys.hash('regular_low'));
    const mine = await ponte.write('regular_low', [{ kind: 'pin', chat: round % 2 === 0 ? chat : group, pinned: true }]);
    await baileys.decode('regular_low', mine.patch);
    assert.equal(baileys.hash('regular_low'), mine.hash);
  }
});
