// The Signal layer against implementations that others wrote, in both directions.
import assert from 'node:assert/strict';
import test from 'node:test';
import { needs } from './clients/optional.mjs';
import { Baileys, Ponte, WhatsappRust } from './clients/signal.mjs';

const group = '120363000000000001@g.us';
const ours = { name: '222000000000000_1', device: 3 };
const theirs = WhatsappRust.own;

// npm's libsignal steps the ratchet of every session in which it tries a message, also where it does not decrypt there,
// and keeps that: where two sessions are in use, one is lost until a retry. `twoSessions` is who can do it.
const others = [
  { name: 'Baileys', make: () => Baileys.make(), needed: needs('@whiskeysockets/baileys'), prekeys: true, twoSessions: false },
  { name: 'whatsapp-rust', make: () => WhatsappRust.make(), needed: needs('whatsapp-rust-bridge'), prekeys: false, twoSessions: true },
];

/** Both ends, and what one says to the other. */
async function line(t, make) {
  const ponte = new Ponte(7);
  t.after(() => ponte.end());
  const other = await make();
  return {
    ponte,
    other,
    toOther: (text) => ponte.encrypt(theirs, text),
    toPonte: (text) => other.encrypt(ours, text),
    atOther: (message) => other.decrypt(ours, message),
    atPonte: (message) => ponte.decrypt(theirs, message),
  };
}

/** Turns of the ratchet, messages that come late, and one that never comes. */
async function talk({ toOther, toPonte, atOther, atPonte }) {
  for (let round = 0; round < 5; round++) {
    for (const [send, receive] of [[toOther, atOther], [toPonte, atPonte]]) {
      const sent = [];
      for (let number = 0; number < 6; number++) sent.push({ text: `${round}/${number} `.repeat(number + 1), number });
      for (const one of sent) one.message = await send(one.text);
      for (const number of [1, 0, 5, 3, 2]) assert.equal(await receive(sent[number].message), sent[number].text);
    }
  }
  // What was said before the ratchet turned comes last.
  const late = await toOther('late');
  const reply = await toPonte('reply');
  assert.equal(await atPonte(reply), 'reply');
  const after = await toOther('after');
  assert.equal(await atOther(after), 'after');
  assert.equal(await atOther(late), 'late');
}

for (const { name, make, needed, prekeys, twoSessions } of others) {
  for (const withPrekey of prekeys ? [true, false] : [false]) {
    test(`Ponte begins a session with ${name}, ${withPrekey ? 'with' : 'without'} a one-time prekey`, needed, async (t) => {
      const both = await line(t, make);
      await both.ponte.begin(theirs, await both.other.bundle(withPrekey ? 9 : undefined));
      const first = await both.toOther('first');
      const second = await both.toOther('second');
      assert.equal(first.type, 'pkmsg');
      assert.equal(await both.atOther(second), 'second');
      assert.equal(await both.atOther(first), 'first');
      if (withPrekey) assert.equal(await both.other.hasPrekey(9), false);
      const answer = await both.toPonte('answer');
      assert.equal(answer.type, 'msg');
      assert.equal(await both.atPonte(answer), 'answer');
      assert.equal((await both.toOther('settled')).type, 'msg');
      await talk(both);
    });
  }

  for (const withPrekey of [true, false]) {
    test(`${name} begins a session with Ponte, ${withPrekey ? 'with' : 'without'} a one-time prekey`, needed, async (t) => {
      const both = await line(t, make);
      const { registrationId } = await both.other.bundle(prekeys ? 1 : undefined);
      await both.other.begin(ours, await both.ponte.bundle(withPrekey ? 9 : undefined));
      const first = await both.toPonte('first');
      const second = await both.toPonte('second');
      assert.equal(first.type, 'pkmsg');
      assert.equal(await both.atPonte(second), 'second');
      assert.equal(await both.atPonte(first), 'first');
      await assert.rejects(both.atPonte(first), { code: 'SIGNAL_DUPLICATE' });
      assert.equal(await both.ponte.hasPrekey(9), !withPrekey);
      assert.equal((await both.ponte.session(theirs)).registrationId, registrationId);
      const answer = await both.toOther('answer');
      assert.equal(answer.type, 'msg');
      assert.equal(await both.atOther(answer), 'answer');
      await talk(both);
    });
  }

  test(`Ponte and ${name} begin at once`, needed, async (t) => {
    const both = await line(t, make);
    await both.ponte.begin(theirs, await both.other.bundle(prekeys ? 3 : undefined));
    await both.other.begin(ours, await both.ponte.bundle(3));
    const there = await both.toOther('there');
    const back = await both.toPonte('back');
    assert.equal(await both.atOther(there), 'there');
    assert.equal(await both.atPonte(back), 'back');
    if (twoSessions) await talk(both);
  });

  test(`${name} begins anew while messages are on their way`, needed, async (t) => {
    const both = await line(t, make);
    await both.other.begin(ours, await both.ponte.bundle(4));
    assert.equal(await both.atPonte(await both.toPonte('hello')), 'hello');
    assert.equal(await both.atOther(await both.toOther('hello')), 'hello');
    const late = await both.toPonte('late');
    await both.other.begin(ours, await both.ponte.bundle(5));
    const anew = await both.toPonte('anew');
    assert.equal(anew.type, 'pkmsg');
    assert.equal(await both.atPonte(anew), 'anew');
    assert.equal(await both.atPonte(late), 'late');
    if (twoSessions) await talk(both);
  });

  test(`what is altered on the way from ${name} is refused, and nothing is lost by it`, needed, async (t) => {
    const both = await line(t, make);
    await both.other.begin(ours, await both.ponte.bundle(6));
    assert.equal(await both.atPonte(await both.toPonte('hello')), 'hello');
    assert.equal(await both.atOther(await both.toOther('hello')), 'hello');
    const message = await both.toPonte('text');
    for (let at = 0; at < message.bytes.length; at++) {
      const bytes = Buffer.from(message.bytes);
      bytes[at] ^= 1 << at % 8;
      await assert.rejects(both.atPonte({ ...message, bytes }), /^Error: SIGNAL_/);
    }
    assert.equal(await both.atPonte(message), 'text');
  });

  test(`Ponte's messages to a group are read by ${name}, also with gaps and late`, needed, async (t) => {
    const { ponte, other } = await line(t, make);
    await other.process(group, ours, await ponte.distribution(group, ours));
    const sent = [];
    for (let number = 0; number < 12; number++) sent.push(await ponte.encryptGroup(group, ours, `number ${number}`));
    for (const number of [0, 4, 2, 11, 1, 10, 3]) {
      assert.equal(await other.decryptGroup(group, ours, sent[number]), `number ${number}`);
    }
  });

  test(`${name}'s messages to a group are read by Ponte, also with gaps, late, and with its key again and again`, needed, async (t) => {
    const { ponte, other } = await line(t, make);
    if (prekeys) await ponte.process(group, theirs, await other.distribution(group, theirs));
    const sent = [];
    for (let number = 0; number < 12; number++) {
      sent.push(await other.encryptGroup(group, theirs, `number ${number}`));
      if (number === 0 && !prekeys) await ponte.process(group, theirs, other.distributed);
    }
    for (const number of [0, 4, 2, 11, 1, 10, 3]) {
      assert.equal(await ponte.decryptGroup(group, theirs, sent[number]), `number ${number}`);
      await ponte.process(group, theirs, prekeys ? await other.distribution(group, theirs) : other.distributed);
    }
    await assert.rejects(ponte.decryptGroup(group, theirs, sent[4]), { code: 'SIGNAL_DUPLICATE' });
    await assert.rejects(ponte.decryptGroup('other@g.us', theirs, sent[5]), { code: 'SIGNAL_NO_SENDER_KEY' });
  });
}
