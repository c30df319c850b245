// Messages over REST and as events, between an instance and the simulator's phones, encrypted end to end.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openEvents } from '../support/node/event-stream.mjs';
import { accountToken, assertError } from '../support/node/ponted.mjs';
import { until } from '../support/node/process.mjs';
import { canBeWrittenTo, startService } from '../support/node/service.mjs';

const [ana, bo] = ['5511800000001', '5511800000002'];

/** A linked instance, two phones of others, and the events of the instance from the link on. */
async function startLinked(t, { settings, env } = {}) {
  const service = await startService(t, { env });
  for (const [number, pushName] of [[ana, 'Ana'], [bo, 'Bo']]) await service.sim.admin('phone', { number, pushName });
  await service.link('sales', settings);
  return new Linked(service).listen(t);
}

class Linked {
  constructor({ sim, ponted }) {
    Object.assign(this, { sim, ponted });
  }

  async listen(t) {
    this.own = (await this.ponted.instance('sales')).numberJid.split('@')[0];
    await canBeWrittenTo(this.sim, this.own);
    this.stream = await openEvents(this.ponted, '/v1/instances/sales/events', { token: accountToken });
    t.after(() => this.stream.close());
    return this;
  }

  post(path, body) {
    return this.ponted.request('POST', `${path}/sales`, { body });
  }

  async get(path) {
    const answer = await this.ponted.request('GET', path);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
  }

  /** Sends a text that WhatsApp takes: `data` of the answer. */
  async text(number, message, more = {}) {
    const { status, body } = await this.post('/api/message/text', { number, message, ...more });
    assert.equal(status, 200, JSON.stringify(body));
    return body.data;
  }

  /** `data` of the next event of that name for which `accept` holds. */
  async event(name, accept = () => true) {
    for (;;) {
      const { event, data } = await this.stream.next();
      if (event === name && accept(data.data)) return data.data;
    }
  }

  readBy = async (number) => (await this.sim.admin('messages', { number })).read;

  /** Waits until that phone has read the text. */
  reads(number, text) {
    return until(`${number} reads "${text}"`, async () => (await this.readBy(number)).find((each) => each.text === text));
  }

  async end() {
    assert.deepEqual((await this.sim.state()).violations, []);
  }
}

describe('messages', { concurrency: 3 }, () => {
  test('a text is read by a phone, told, kept, and followed until it is read', async (t) => {
    const linked = await startLinked(t);
    const data = await linked.text(`+${ana}`, 'Olá ✓', { source: 'crm' });
    assert.match(data.messageId, /^3EB0[0-9A-F]{18}$/);
    assert.deepEqual([data.direction, data.messageType, data.content, data.source], ['outgoing', 'text', { text: 'Olá ✓' }, 'crm']);
    assert.equal(data.chat.jid, `${ana}@s.whatsapp.net`);
    assert.equal((await linked.reads(ana, 'Olá ✓')).id, data.messageId);
    const told = await linked.event('message.exchange');
    assert.deepEqual([told.id, told.direction, told.message.text, told.message.source], [data.messageId, 'outgoing', 'Olá ✓', 'crm']);
    assert.equal(told.recipient, `${ana}@s.whatsapp.net`);
    const delivered = await linked.event('message.status', ({ status }) => status === 'delivered');
    assert.deepEqual([delivered.messageIds, delivered.isFromMe], [[data.messageId], true]);
    await linked.sim.admin('receipt', { from: ana, to: linked.own, ids: [data.messageId], type: 'read' });
    assert.equal((await linked.event('message.status', ({ status }) => status === 'read')).recipient, `${ana}@s.whatsapp.net`);
    const status = await linked.get(`/api/chat/status/sales?messageId=${data.messageId}`);
    assert.deepEqual([status.status, status.status_code, status.direction], ['read', 4, 'sent']);
    const { body } = await linked.post('/api/chat/history', { number: ana });
    assert.deepEqual(body.messages.map(({ id, text }) => [id, text]), [[data.messageId, 'Olá ✓']]);
    await linked.end();
  });

  test('what a phone writes is told once, in both shapes, and marked as read', async (t) => {
    const linked = await startLinked(t);
    const { id } = await linked.sim.admin('send', { from: ana, to: linked.own, text: 'hello' });
    const told = await linked.event('message.exchange');
    assert.deepEqual([told.id, told.direction], [id, 'incoming']);
    for (const key of ['id', 'direction', 'timestamp', 'chat', 'sender']) assert.deepEqual(told.message[key], told[key], key);
    assert.deepEqual([told.message.content, told.message.text, told.message.type], [{ text: 'hello' }, 'hello', 'text']);
    assert.deepEqual([told.sender.jid, told.sender.name, told.chat.type], [`${ana}@s.whatsapp.net`, 'Ana', 'private']);
    assert.equal(told.recipient, `${linked.own}@s.whatsapp.net`);
    const { contact } = await linked.get(`/api/chat/contacts/sales?number=${ana}`);
    assert.deepEqual([contact.found, contact.pushName, contact.lid], [true, 'Ana', told.sender.lid]);
    assert.equal((await linked.post('/api/chat/markRead', { number: ana, messageId: id })).status, 200);
    await until('the receipt is there', async () =>
      (await linked.sim.admin('messages', { number: ana })).receipts.some((each) => each.id === id && each.type === 'read'));
    assert.equal((await linked.get(`/api/chat/getMessage/sales?messageId=${id}`)).data.status, 'read');
    const { metrics } = await linked.get('/api/instance/metrics/sales');
    assert.deepEqual([metrics.totalMessages, metrics.messagesByType, metrics.uniqueContacts], [1, { text: 1 }, 1]);
    await linked.end();
  });

  test('an answer quotes what it answers; the same id again is no second message', async (t) => {
    const linked = await startLinked(t);
    const { id } = await linked.sim.admin('send', { from: ana, to: linked.own, text: 'a question' });
    await linked.event('message.exchange');
    const first = await linked.text(ana, 'an answer', { replyTo: id, messageId: 'ANSWER-1' });
    assert.deepEqual([first.messageId, first.replyTo], ['ANSWER-1', id]);
    assert.equal((await linked.event('message.exchange')).message.reply.text, 'a question');
    await linked.text(ana, 'an answer', { replyTo: id, messageId: 'ANSWER-1' });
    await linked.text(ana, 'the end');
    await linked.reads(ana, 'the end');
    assert.deepEqual((await linked.readBy(ana)).map(({ text }) => text), ['an answer', 'the end']);
    await linked.end();
  });

  test('groups: written to, read, and kept back where that is wished', async (t) => {
    const linked = await startLinked(t);
    const group = (await linked.sim.admin('group', { subject: 'Team', creator: ana, members: [linked.own, bo] })).id;
    const data = await linked.text(group, 'to all', { mentionAll: true });
    assert.deepEqual([data.chat.jid, data.chat.type], [group, 'group']);
    await Promise.all([linked.reads(ana, 'to all'), linked.reads(bo, 'to all')]);
    await linked.event('message.exchange');
    await linked.sim.admin('send', { from: bo, group, text: 'from Bo' });
    const told = await linked.event('message.exchange');
    assert.deepEqual([told.chat.type, told.sender.name, told.message.text, told.recipient], ['group', 'Bo', 'from Bo', group]);
    const inPrivate = await linked.text(group, 'between us', { replyTo: told.id, replyPrivate: true });
    assert.equal(inPrivate.chat.jid, `${bo}@s.whatsapp.net`);
    await linked.event('message.exchange');
    assert.equal((await linked.ponted.request('POST', '/api/instance/settings/sales', { body: { ignoreGroupMessages: true } })).status, 200);
    await linked.sim.admin('send', { from: bo, group, text: 'not told' });
    await linked.sim.admin('send', { from: bo, to: linked.own, text: 'told' });
    assert.equal((await linked.event('message.exchange')).message.text, 'told');
    const { body } = await linked.post('/api/chat/history', { number: group });
    assert.deepEqual(body.messages.map(({ text }) => text), ['not told', 'from Bo', 'to all'], 'kept all the same');
    await linked.end();
  });

  test('what WhatsApp refuses has its own answer, with the id of the message', async (t) => {
    const linked = await startLinked(t);
    const refusals = [
      [463, 403, 'The account may not begin new chats now', 'SEND_REACH_OUT_LOCKED'],
      [475, 403, 'The account may not begin new chats now', 'SEND_NEW_CHAT_LIMIT'],
      [403, 403, 'Not allowed to send to this chat', 'SEND_FORBIDDEN'],
      [429, 429, 'WhatsApp limits how much is sent. Try again later.', 'SEND_RATE_LIMITED'],
      [479, 500, 'Failed to send message', 'SEND_REFUSED'],
      [421, 500, 'Failed to send message', 'SEND_STALE_ADDRESSING'],
    ];
    for (const [code, status, message, name] of refusals) {
      await linked.sim.admin('refuse', { code, next: 2 });
      const answer = await linked.post('/api/message/text', { number: ana, message: 'x', messageId: `REFUSED-${code}` });
      assert.equal(assertError(answer, status, message, name).messageId, `REFUSED-${code}`);
      await linked.sim.admin('refuse', { code, next: 0 });
    }
    const answer = await linked.post('/api/message/text', { number: '5511899999999', message: 'x' });
    assertError(answer, 400, 'Number is not on WhatsApp', 'NOT_ON_WHATSAPP');
    const unknown = await linked.post('/api/message/text', { number: ana, message: 'x', replyTo: 'none' });
    assertError(unknown, 404, 'Message not found', 'MESSAGE_NOT_FOUND');
    await linked.text(ana, 'goes on');
    await linked.reads(ana, 'goes on');
  });

  test('typing is shown before a text that is delayed, and ends by itself', async (t) => {
    const linked = await startLinked(t);
    const sent = linked.text(ana, 'slowly', { delay: 1 });
    const heard = async () => JSON.stringify((await linked.sim.admin('messages', { number: ana })).heard);
    await until('somebody types', async () => (await heard()).includes('composing'));
    assert.deepEqual(await linked.readBy(ana), []);
    await sent;
    await until('nobody types', async () => (await heard()).includes('paused'));
    assert.equal((await linked.post('/api/chat/presence', { number: bo, state: 'recording', duration: 1 })).status, 200);
    const byBo = async () => JSON.stringify((await linked.sim.admin('messages', { number: bo })).heard);
    await until('it ends', async () => (await byBo()).includes('paused'));
    await linked.end();
  });

  test('a restart keeps messages, and tells none twice', async (t) => {
    const service = await startService(t);
    await service.sim.admin('phone', { number: ana, pushName: 'Ana' });
    await service.link('sales');
    const before = new Linked(service);
    await before.listen(t);
    await before.text(ana, 'before');
    await service.restart('SIGKILL');
    await service.ponted.reached('sales', 'connected');
    const after = new Linked(service);
    await after.listen(t);
    const { id } = await after.sim.admin('send', { from: ana, to: after.own, text: 'after' });
    assert.equal((await after.event('message.exchange')).id, id);
    const { body } = await after.post('/api/chat/history', { number: ana });
    assert.deepEqual(body.messages.map(({ text }) => text), ['after', 'before']);
    await after.end();
  });
});
