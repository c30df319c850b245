// Messages between clients that others wrote and the phones of the simulator, end to end encrypted on both sides.
import assert from 'node:assert/strict';
import test from 'node:test';
import { clients, linked, own, peer, third } from './phones.mjs';

/** The next message with content; others, such as those that only bring a key, are passed over. */
async function nextText(client, text) {
  for (;;) {
    const message = await client.next('message');
    if (message.text === text) return message;
  }
}

async function nextReceipt(client, id, type) {
  for (;;) {
    const receipt = await client.next('receipt');
    if (receipt.ids.includes(id) && receipt.type === type) return receipt;
  }
}

const groupOfThree = async (sim) => (await sim.admin('group', { subject: 'Three', creator: peer, members: [own, third] })).id;

for (const one of clients) {
  test(`${one.name} reads what a phone writes, and the phone reads what it answers`, one.needed, async (t) => {
    const { sim, client, lids, reads, unobjectionable } = await linked(t, one);
    const { id } = await sim.admin('send', { from: peer, to: own, text: 'hello from the phone' });
    const message = await nextText(client, 'hello from the phone');
    assert.equal(message.id, id);
    assert.equal(message.own, false);
    assert.equal(message.pushName, `Phone of ${peer}`);
    assert.equal(message.sender.split(/[:@]/)[0], lids[peer].split('@')[0]);
    await sim.until('the phone has its receipt', async () =>
      (await sim.admin('messages', { number: peer })).receipts.some((receipt) => receipt.id === id && receipt.from.includes(':')),
    );

    const answer = await client.send(lids[peer], 'an answer');
    const read = await reads(peer, 'an answer');
    assert.equal(read.id, answer);
    assert.equal(read.kind === 'conversation' || read.kind === 'extended_text_message', true, read.kind);
    await reads(own, 'an answer'); // its own phone has a copy
    await nextReceipt(client, answer, '');
    await sim.admin('receipt', { from: peer, to: own, ids: [answer], type: 'read' });
    await nextReceipt(client, answer, 'read');

    await sim.admin('send', { from: peer, to: own, text: 'on a session that both have used' });
    await nextText(client, 'on a session that both have used');
    await unobjectionable();
  });

  test(`${one.name} writes to a number`, one.needed, async (t) => {
    const { client, reads, unobjectionable } = await linked(t, one);
    await client.send(`${peer}@s.whatsapp.net`, 'by number');
    await reads(peer, 'by number');
    await client.send(`${peer}@s.whatsapp.net`, 'by number again');
    await reads(peer, 'by number again');
    await unobjectionable();
  });

  test(`${one.name} reads what its own phone wrote`, one.needed, async (t) => {
    const { sim, client, reads, unobjectionable } = await linked(t, one);
    await sim.admin('send', { from: own, to: peer, text: 'from my phone' });
    const message = await nextText(client, 'from my phone');
    assert.equal(message.own, true);
    await reads(peer, 'from my phone');
    await unobjectionable();
  });

  test(`${one.name} reads and writes in a group of three`, one.needed, async (t) => {
    const { sim, client, reads, unobjectionable } = await linked(t, one);
    const group = await groupOfThree(sim);
    for (const [from, text] of [[peer, 'first'], [third, 'second'], [peer, 'third']]) {
      await sim.admin('send', { from, group, text });
      const message = await nextText(client, text);
      assert.equal(message.chat, group);
    }
    for (const text of ['to both', 'once more']) {
      await client.send(group, text);
      for (const number of [peer, third, own]) await reads(number, text);
    }
    await unobjectionable();
  });

  test(`${one.name} writes again for a phone that lost its sessions`, one.needed, async (t) => {
    const { sim, client, lids, reads, unobjectionable } = await linked(t, one);
    await sim.admin('send', { from: peer, to: own, text: 'begin' });
    await nextText(client, 'begin');
    await client.send(lids[peer], 'go on');
    await reads(peer, 'go on');
    await sim.admin('forget-sessions', { number: peer });
    await client.send(lids[peer], 'once lost');
    assert.ok((await reads(peer, 'once lost')).retries > 0);
    await unobjectionable();
  });

  test(`${one.name} asks again for what it cannot decrypt`, one.needed, async (t) => {
    const { sim, client, unobjectionable } = await linked(t, one);
    await sim.admin('send', { from: peer, to: own, text: 'once unreadable', defect: 'unknown-session' });
    await nextText(client, 'once unreadable');
    const group = await groupOfThree(sim);
    await sim.admin('send', { from: third, group, text: 'without a key', defect: 'no-distribution' });
    await nextText(client, 'without a key');
    await unobjectionable();
  });

  test(`${one.name} reads in order what came while it was away`, one.needed, async (t) => {
    const { sim, client, unobjectionable } = await linked(t, one);
    await sim.admin('delivery', { number: own, mode: 'drop', next: 20 });
    await sim.admin('send', { from: peer, to: own, text: 'waiting', count: 20 });
    await client.logInAgain();
    const seen = [];
    while (seen.length < 20) {
      const { text } = await client.next('message');
      if (text.startsWith('waiting')) seen.push(text);
    }
    assert.deepEqual(seen, Array.from({ length: 20 }, (_, at) => `waiting ${at + 1}`));
    await sim.until('nothing waits', ({ phones, unacknowledged }) =>
      unacknowledged === 0 && phones.find(({ number }) => number === own).companions[0].waiting === 0,
    );
    await unobjectionable();
  });
}
