// What a phone tells of the past, files of messages and what devices share, over REST, with the simulator's phones.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openEvents } from '../support/node/event-stream.mjs';
import { accountToken, assertError } from '../support/node/ponted.mjs';
import { until } from '../support/node/process.mjs';
import { canBeWrittenTo, startService } from '../support/node/service.mjs';

const ana = '5511800000001';
const png = Buffer.from('89504e470d0a1a0a00000000', 'hex');

/** A service whose phone tells `plan` to whoever is linked, with an instance that is linked and asked for it. */
async function startLinked(t, { plan, query = '?history=30', settings } = {}) {
  const service = await startService(t);
  const { sim, ponted } = service;
  await sim.admin('phone', { number: ana, pushName: 'Ana' });
  if (plan) await sim.admin('history', { onLogin: true, ...plan });
  await ponted.create('sales', settings);
  const { status, body } = await ponted.request('GET', `/api/instance/connect/sales${query}`);
  assert.equal(status, 200, JSON.stringify(body));
  await sim.scan(body.qrCode);
  await ponted.reached('sales', 'connected');
  const own = (await ponted.instance('sales')).numberJid.split('@')[0];
  await canBeWrittenTo(sim, own);
  const events = await openEvents(ponted, '/v1/instances/sales/events', { token: accountToken });
  t.after(() => events.close());
  const post = (path, body) => ponted.request('POST', path, { body });
  const progress = (accept) =>
    until('the history is there', async () => {
      const { history } = await ponted.instance('sales');
      return history && accept(history) && history;
    });
  /** Pages through a chat from the newest message on. */
  const whole = async (number, count) => {
    const messages = [];
    for (let cursor = ''; ; ) {
      const { status: code, body: page } = await post('/api/chat/history/sales', { number, count, cursor });
      assert.equal(code, 200, JSON.stringify(page));
      messages.push(...page.messages);
      if (!page.hasMore) return messages;
      cursor = page.nextCursor;
    }
  };
  return { service, sim, ponted, own, events, post, progress, whole };
}

const violations = async (sim) => (await sim.state()).violations;

describe('history', { concurrency: 3 }, () => {
  test('the past of the phone is kept and read page by page, and told nobody', async (t) => {
    const { service, sim, ponted, progress, whole, events } = await startLinked(t, {
      plan: { chats: 4, groups: 1, messages: 120, chunks: 3, textBytes: 50 },
    });
    const done = await progress((history) => history.done);
    assert.deepEqual([done.progress, done.messages], [100, 600]);
    const { body } = await ponted.request('GET', '/api/chat/contacts/sales');
    assert.ok(body.total >= 4, JSON.stringify(body));
    const one = body.contacts.find(({ jid, pushName }) => jid?.endsWith('@s.whatsapp.net') && pushName);
    const messages = await whole(one.jid.split('@')[0], 50);
    assert.equal(messages.length, 120);
    assert.equal(new Set(messages.map(({ id }) => id)).size, 120);
    const times = messages.map(({ timestamp }) => Date.parse(timestamp));
    assert.deepEqual(times, times.toSorted((a, b) => b - a));
    // A live message comes after it, and is the first event of them all.
    const own = (await ponted.instance('sales')).numberJid.split('@')[0];
    await sim.admin('send', { from: ana, to: own, text: 'now' });
    for (;;) {
      const { event, data } = await events.next();
      if (event !== 'message.exchange') continue;
      assert.equal(data.data.message.text, 'now');
      break;
    }
    const { body: figures } = await ponted.request('GET', '/api/instance/metrics/sales');
    assert.equal(figures.metrics?.totalMessages ?? figures.totalMessages, 601);
    await service.restart('SIGKILL');
    await service.ponted.reached('sales', 'connected');
    const { body: page } = await service.ponted.request('POST', '/api/chat/history/sales', { body: { number: one.jid.split('@')[0], count: 500 } });
    assert.equal(page.count, 120, 'after a kill');
    assert.deepEqual(await violations(sim), []);
  });

  test('a kill in the middle of it loses nothing', async (t) => {
    const { service, sim, progress } = await startLinked(t, { plan: { chats: 10, messages: 1500, chunks: 5, textBytes: 200 } });
    await progress(({ messages }) => messages > 0);
    await service.restart('SIGKILL');
    const { ponted } = service;
    const done = await until('the rest is there', async () => {
      const { history } = await ponted.instance('sales');
      return history?.done && history;
    });
    assert.equal(done.messages, 15_000);
    assert.deepEqual(await violations(sim), []);
  });

  test('older messages come when they are asked for', async (t) => {
    const { sim, ponted, progress, post, whole } = await startLinked(t, {
      plan: { chats: 1, messages: 90, chunks: 1, defect: 'never-told', damagedChunk: 1 },
    });
    await progress(({ messages }) => messages === 1);
    const contact = await until('a name', async () => {
      const { body } = await ponted.request('GET', '/api/chat/contacts/sales');
      return body.contacts.find(({ jid }) => jid?.endsWith('@s.whatsapp.net') && jid !== `${ana}@s.whatsapp.net`);
    });
    const number = contact.jid.split('@')[0];
    assert.equal((await whole(number, 50)).length, 1);
    const answer = await post('/v1/instances/sales/chats/older', { number, count: 30 });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.equal((await whole(number, 50)).length, 31);
    assertError(await post('/v1/instances/sales/chats/older', { number: '5511800000009' }), 404, 'Message not found', 'MESSAGE_NOT_FOUND');
    assert.deepEqual(await violations(sim), []);
  });

  test('the file of a message is handed out decrypted, also where its host has it no more', async (t) => {
    const { sim, ponted, own } = await startLinked(t);
    for (const [id, status] of [['THERE', 200], ['GONE', 410]]) {
      await sim.admin('send', { from: ana, to: own, id, image: png.toString('hex'), text: 'look', status });
    }
    for (const id of ['THERE', 'GONE']) {
      await until('it is kept', async () => (await ponted.request('GET', `/api/chat/getMessage/sales?messageId=${id}`)).status === 200);
      const { status, body } = await ponted.request('GET', `/api/chat/base64/sales?messageId=${id}`);
      assert.equal(status, 200, `${id}: ${JSON.stringify(body)}`);
      const answer = await fetch(`${ponted.url}/v1/instances/sales/messages/${id}/media`, { headers: { token: accountToken } });
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get('content-type'), 'image/png');
      assert.deepEqual(Buffer.from(await answer.arrayBuffer()), png);
    }
    assert.deepEqual(await violations(sim), []);
  });

  test('names of the address book are those of the contacts', async (t) => {
    const { sim, ponted, own } = await startLinked(t);
    const name = Buffer.from('Ana Souza');
    const value = Buffer.concat([Buffer.from([0x1a, name.length + 2, 0x0a, name.length]), name]).toString('hex');
    await sim.admin('app-state', { number: own, collection: 'critical_unblock_low', index: ['contact', `${ana}@s.whatsapp.net`], value });
    await sim.admin('app-state-key-share', { number: own });
    const contact = await until('her name', async () => {
      const { body } = await ponted.request('GET', `/api/chat/contacts/sales?number=${ana}`);
      return body.contact?.fullName === 'Ana Souza' && body.contact;
    });
    assert.equal(contact.jid, `${ana}@s.whatsapp.net`);
    assert.deepEqual(await violations(sim), []);
  });

  test('messages count as read when they come, where the settings say so', async (t) => {
    const { sim, ponted, own } = await startLinked(t);
    const heard = async () => (await sim.admin('messages', { number: ana })).receipts.filter(({ type }) => type === 'read').map(({ id }) => id);
    const { id: first } = await sim.admin('send', { from: ana, to: own, text: 'one' });
    await until('it is kept', async () => (await ponted.request('GET', `/api/chat/getMessage/sales?messageId=${first}`)).status === 200);
    assert.equal((await ponted.request('POST', '/api/instance/settings/sales', { body: { autoReadMessages: true } })).status, 200);
    const { id } = await sim.admin('send', { from: ana, to: own, text: 'two' });
    await until('she is told', async () => (await heard()).includes(id));
    assert.deepEqual(await heard(), [id]);
  });
});
