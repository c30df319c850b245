// Ponte and clients that others wrote, each linked to a phone of its own on one simulator, write to each other.
import assert from 'node:assert/strict';
import test from 'node:test';
import { openEvents } from '../support/node/event-stream.mjs';
import { accountToken, pointedAt, startPonted, temporaryFolder } from '../support/node/ponted.mjs';
import { canBeWrittenTo } from '../support/node/service.mjs';
import { clients, linked, own, peer, third } from './phones.mjs';

/** A client linked to `own`, and a Ponte instance linked to `peer`. */
async function both(t, one) {
  const line = await linked(t, one);
  const { sim } = line;
  const ponted = await startPonted({ dataDir: await temporaryFolder(t), env: pointedAt(sim) });
  t.after(() => ponted.stop('SIGKILL'));
  await ponted.create('sales');
  const { status, body } = await ponted.connect('sales');
  assert.equal(status, 200, JSON.stringify(body));
  await sim.admin('scan', { qr: body.qrCode, number: peer });
  await ponted.reached('sales', 'connected');
  await canBeWrittenTo(sim, peer);
  const events = await openEvents(ponted, '/v1/instances/sales/events', { token: accountToken });
  t.after(() => events.close());
  return { ...line, ponted, ponte: new Ponte(ponted, events) };
}

class Ponte {
  constructor(ponted, events) {
    Object.assign(this, { ponted, events });
  }

  /** Sends a text; its id. */
  async send(number, message) {
    const answer = await this.ponted.request('POST', '/api/message/text/sales', { body: { number, message } });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body.data.messageId;
  }

  /** `data` of the next event of that name for which `accept` holds. */
  async event(name, accept) {
    for (;;) {
      const { event, data } = await this.events.next(60_000);
      if (event === name && accept(data.data)) return data.data;
    }
  }

  reads(text) {
    return this.event('message.exchange', ({ direction, message }) => direction === 'incoming' && message?.text === text);
  }

  status(id, status) {
    return this.event('message.status', (data) => data.messageIds.includes(id) && data.status === status);
  }
}

/** The next message with that text; others, such as those that only bring a key, are passed over. */
async function reads(client, text) {
  for (;;) {
    const message = await client.next('message', 60);
    if (message.text === text) return message;
  }
}

for (const one of clients) {
  test(`${one.name} and Ponte write to each other`, one.needed, async (t) => {
    const { client, ponte, lids, unobjectionable } = await both(t, one);
    const first = await ponte.send(own, 'hello from Ponte');
    assert.equal((await reads(client, 'hello from Ponte')).id, first);
    await ponte.status(first, 'delivered');
    const answer = await client.send(lids[peer], 'an answer');
    assert.equal((await ponte.reads('an answer')).id, answer);
    for (let i = 1; i <= 5; i++) {
      await ponte.send(own, `there ${i}`);
      await reads(client, `there ${i}`);
      await client.send(lids[peer], `back ${i}`);
      await ponte.reads(`back ${i}`);
    }
    await unobjectionable();
  });

  test(`${one.name} writes first, to Ponte's number`, one.needed, async (t) => {
    const { client, ponte, unobjectionable } = await both(t, one);
    await client.send(`${peer}@s.whatsapp.net`, 'first contact');
    const told = await ponte.reads('first contact');
    assert.equal(told.sender.jid, `${own}@s.whatsapp.net`);
    await ponte.send(own, 'an answer');
    await reads(client, 'an answer');
    await unobjectionable();
  });

  test(`${one.name}, Ponte and a phone in a group of three`, one.needed, async (t) => {
    const { sim, client, ponte, reads: phoneReads, unobjectionable } = await both(t, one);
    const { id: group } = await sim.admin('group', { subject: 'Three', creator: third, members: [own, peer] });
    for (const round of [1, 2]) {
      await ponte.send(group, `from Ponte ${round}`);
      assert.equal((await reads(client, `from Ponte ${round}`)).chat, group);
      await phoneReads(third, `from Ponte ${round}`);
      await client.send(group, `from the other ${round}`);
      assert.equal((await ponte.reads(`from the other ${round}`)).chat.jid, group);
      await phoneReads(third, `from the other ${round}`);
      await sim.admin('send', { from: third, group, text: `from the phone ${round}` });
      await Promise.all([ponte.reads(`from the phone ${round}`), reads(client, `from the phone ${round}`)]);
    }
    await unobjectionable();
  });

  test(`${one.name} and Ponte go on after either was away`, one.needed, async (t) => {
    const { client, ponte, ponted, lids, unobjectionable } = await both(t, one);
    await ponte.send(own, 'begin');
    await reads(client, 'begin');
    await client.logInAgain();
    await ponte.send(own, 'after your login');
    await reads(client, 'after your login');
    assert.equal((await ponted.request('POST', '/api/instance/reconnect/sales')).status, 200);
    await ponted.reached('sales', 'connected');
    await client.send(lids[peer], 'after yours');
    await ponte.reads('after yours');
    await unobjectionable();
  });

  test(`${one.name} gets again what it could not read, and so does Ponte`, one.needed, async (t) => {
    const { sim, client, ponte, lids, unobjectionable } = await both(t, one);
    await ponte.send(own, 'begin');
    await reads(client, 'begin');
    await client.send(lids[peer], 'go on');
    await ponte.reads('go on');
    // The ciphertext is damaged on its way, once for each of them.
    await sim.admin('delivery', { number: own, mode: 'damage', next: 1 });
    await ponte.send(own, 'damaged for you');
    await reads(client, 'damaged for you');
    await sim.admin('delivery', { number: peer, mode: 'damage', next: 1 });
    await client.send(lids[peer], 'damaged for Ponte');
    await ponte.reads('damaged for Ponte');
    // To a device that asks again, Baileys writes under both of its addresses.
    await unobjectionable(one.name === 'Baileys' ? /^message twice to one device$/ : undefined);
  });
}
