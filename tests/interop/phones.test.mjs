// What phones of the simulator share with clients that others wrote: the past, in sealed files, and app state.
import assert from 'node:assert/strict';
import test from 'node:test';
import { clients, linked, own, peer } from './phones.mjs';

const hex = (...bytes) => Buffer.from(bytes.flat()).toString('hex');
const text = (value) => [...Buffer.from(value)];
/** Serialized SyncActionValue: 3 contact {1 full name}, 4 mute {1 muted, 2 until, in ms}, 7 push name {1 name}. */
const contact = (name) => hex(0x1a, name.length + 2, 0x0a, name.length, text(name));
const muted = hex(0x22, 9, 0x08, 1, 0x10, [128, 240, 204, 134, 166, 55]);
const pushName = (name) => hex(0x3a, name.length + 2, 0x0a, name.length, text(name));

for (const one of clients) {
  for (const inline of [true, false]) {
    test(`${one.name} reads the past that its phone tells, ${inline ? 'the newest in line' : 'all in files'}`, one.needed, async (t) => {
      const { sim, client, unobjectionable } = await linked(t, one, (it) =>
        it.admin('history', { onLogin: true, chats: 5, groups: 1, messages: 40, chunks: 2, textBytes: 100, inline }),
      );
      let messages = 0;
      while (messages < 6 * 40) messages += (await client.next('history')).messages;
      assert.equal(messages, 6 * 40);
      await sim.until('nothing waits', ({ unacknowledged }) => unacknowledged === 0);
      await unobjectionable();
    });
  }

  test(`${one.name} fetches app state, and writes some`, one.needed, async (t) => {
    const { sim, client, lids, unobjectionable } = await linked(t, one, async (it) => {
      await it.admin('app-state', { number: own, collection: 'critical_block', index: ['setting_pushName'], value: pushName('Owner') });
      await it.admin('app-state', { number: own, collection: 'critical_unblock_low', index: ['contact', `${peer}@s.whatsapp.net`], value: contact('Peer') });
      await it.admin('app-state', { number: own, collection: 'regular_high', index: ['mute', `${peer}@s.whatsapp.net`], value: muted });
      await it.admin('app-state-key-share', { onLogin: true });
      await it.admin('history', { onLogin: true, chats: 1 });
    });
    // Baileys tells what changes, not what there was before it was linked.
    if (one.name !== 'Baileys') await client.learns('mute');
    await sim.admin('app-state', { number: own, collection: 'regular_high', index: ['mute', lids[peer]], value: muted });
    await client.learns('mute');
    await client.mute('5511900000077@s.whatsapp.net');
    await sim.until('the phone knows of it', async () =>
      (await sim.admin('app-state-records', { number: own })).regular_high.records.some(({ index }) => index[1].startsWith('5511900000077')),
    );
    await unobjectionable();
  });
}
