// Sessions that move: a device that whatsmeow or Baileys linked, or another Ponte, goes on in a Ponte that never linked it,
// on the Signal sessions and sender keys that it had.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { openEvents } from '../support/node/event-stream.mjs';
import { accountToken, pointedAt, startPonted, temporaryFolder } from '../support/node/ponted.mjs';
import { Program, program, until } from '../support/node/process.mjs';
import { canBeWrittenTo } from '../support/node/service.mjs';
import { linkWhatsmeow } from './clients/whatsmeow.mjs';
import { startSim } from './linked.mjs';
import { clients, linked, own, peer, third } from './phones.mjs';

const { linkBaileys } = clients[0].needed.skip ? {} : await import('./clients/baileys.mjs');

const passphrase = 'correct horse battery staple';

/** `ponte` with these arguments; its end and what it said. */
async function ponte(args, input) {
  const run = new Program(program('ponte'), args);
  run.child.stdin.end(input ?? '');
  const { code } = await run.ended(60);
  return { code, out: run.stdout, error: run.stderr };
}

async function succeeds(args, input) {
  const { code, out, error } = await ponte(args, input);
  assert.equal(code, 0, out + error);
  return out;
}

/** Every file that belongs to `source`, with what is in it and when it was changed. */
function snapshot(source) {
  const files = statSync(source).isDirectory()
    ? readdirSync(source).map((name) => path.join(source, name))
    : ['', '-wal', '-shm', '-journal'].map((end) => source + end).filter(existsSync);
  return Object.fromEntries(
    files.map((file) => [file, [createHash('sha256').update(readFileSync(file)).digest('hex'), statSync(file).mtimeMs]]),
  );
}

/** The next message with that text; others, such as those that only bring a key, are passed over. */
async function reads(client, text) {
  for (;;) if ((await client.next('message', 60)).text === text) return;
}

/** A ponted on that data directory, whose instance has come back by itself. */
async function revived(t, sim, dataDir, name) {
  const ponted = await startPonted({ dataDir, env: pointedAt(sim) });
  t.after(() => ponted.stop('SIGKILL'));
  const instance = await ponted.reached(name, 'connected');
  const events = await openEvents(ponted, `/v1/instances/${name}/events`, { token: accountToken, lastEventId: 0 });
  t.after(() => events.close());
  return { ponted, instance, events, seen: [] };
}

async function readsHere({ events, seen }, text) {
  for (;;) {
    const one = await events.next(60_000);
    seen.push(one);
    const { event, data } = one;
    if (event === 'message.exchange' && data.data.direction === 'incoming' && data.data.message?.text === text) return;
  }
}

async function send({ ponted }, name, number, message) {
  const answer = await ponted.request('POST', `/api/message/text/${name}`, { body: { number, message } });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
}

/** How often devices have asked for a message again: on sessions that were carried over, none does. */
async function retries(sim) {
  const { phones } = await sim.state();
  const counts = phones.flatMap(({ messaging }) => messaging.map((one) => one.counts ?? one));
  assert.ok(counts.length > 0 && counts.every(({ retriesAsked }) => retriesAsked >= 0), JSON.stringify(counts));
  return counts.reduce((sum, { retriesAsked, retriesAnswered }) => sum + retriesAsked + retriesAnswered, 0);
}

/** Writes go both ways, with a person and in the group, and nobody has to ask again. */
async function writesBothWays(sim, here, name, group, phoneReads) {
  await sim.admin('send', { from: peer, to: own, text: 'after the move' });
  await readsHere(here, 'after the move');
  await send(here, name, peer, 'from where it moved to');
  await phoneReads(peer, 'from where it moved to');
  await sim.admin('send', { from: third, group, text: 'to the group, after the move' });
  await readsHere(here, 'to the group, after the move');
  await send(here, name, group, 'to the group, from where it moved to');
  await phoneReads(third, 'to the group, from where it moved to');
  await phoneReads(peer, 'to the group, from where it moved to');
}

/** How each is started on what it keeps, and when it has read the app state that is there. */
const stores = {
  whatsmeow: {
    file: 'store.db',
    start: (sim, source) => linkWhatsmeow(sim, { store: source }),
    hasAppState: async (client) => {
      while ((await client.next('appState')).index[0] !== 'contact');
    },
  },
  Baileys: {
    file: 'auth',
    start: (sim, source) => linkBaileys(sim, { folder: source }),
    hasAppState: (_, source) =>
      until('Baileys has read app state', () => existsSync(path.join(source, 'app-state-sync-version-critical_unblock_low.json'))),
  },
};

/** That it is linked is told once, wherever it was linked; events go on in their order. */
function assertToldOnce({ seen }) {
  assert.equal(seen.filter(({ event, data }) => event === 'instance.state' && data.data.state === 'pair_success').length, 1);
  const ids = seen.map(({ id }) => Number(id)).filter((id) => id > 0);
  assert.ok(ids.length > 2, JSON.stringify(seen.map(({ id }) => id)));
  assert.deepEqual(ids, [...new Set(ids)].sort((left, right) => left - right));
}

/** Serialized SyncActionValue with a contact of that full name. */
const contact = (name) => Buffer.from([0x1a, name.length + 2, 0x0a, name.length, ...Buffer.from(name)]).toString('hex');
const named = (sim, who, name) =>
  sim.admin('app-state', { number: own, collection: 'critical_unblock_low', index: ['contact', `${who}@s.whatsapp.net`], value: contact(name) });

/** A client that is linked to `own`, keeps what it has in `source`, and has written and read. Then it is ended. */
async function used(t, one) {
  const source = path.join(await temporaryFolder(t), stores[one.name].file);
  const line = await linked(t, { ...one, start: (sim) => stores[one.name].start(sim, source) }, async (it) => {
    await named(it, peer, 'Peer as written before');
    await it.admin('app-state-key-share', { onLogin: true });
    await it.admin('history', { onLogin: true, chats: 1 });
  });
  const { sim, client, lids, reads: phoneReads } = line;
  await stores[one.name].hasAppState(client, source);
  const { id: group } = await sim.admin('group', { subject: 'Three', creator: third, members: [own, peer] });
  await sim.admin('send', { from: peer, to: own, text: 'before the move' });
  await reads(client, 'before the move');
  await client.send(lids[peer], 'from where it was');
  await phoneReads(peer, 'from where it was');
  await sim.admin('send', { from: third, group, text: 'to the group' });
  await reads(client, 'to the group');
  // Keys of messages that were skipped, in a chain that is over by then and in the group's, are carried over too.
  for (const where of [{ from: peer, to: own }, { from: third, group }]) {
    await sim.admin('delivery', { number: own, mode: 'hold', next: 1 });
    await sim.admin('send', { ...where, text: `held back, from ${where.from}` });
    await sim.admin('send', { ...where, text: `overtaking, from ${where.from}` });
    await reads(client, `overtaking, from ${where.from}`);
  }
  await client.send(lids[peer], 'another turn');
  await phoneReads(peer, 'another turn');
  await sim.admin('send', { from: peer, to: own, text: 'on another chain' });
  await reads(client, 'on another chain');
  await client.send(group, 'to the group, from where it was');
  await phoneReads(third, 'to the group, from where it was');
  await client.end();
  return { ...line, source, group };
}

for (const one of clients) {
  test(`a device of ${one.name} goes on in Ponte`, one.needed, async (t) => {
    const { sim, source, group, reads: phoneReads } = await used(t, one);
    await sim.until('the client is gone', ({ connections }) => connections.every(({ number }) => number !== own));
    const [before] = (await sim.state()).phones.filter(({ number }) => number === own).map(({ companions }) => companions[0]);
    const asked = await retries(sim);
    const dataDir = await temporaryFolder(t);
    const files = snapshot(source);
    if (one.name === 'whatsmeow') assert.ok(statSync(`${source}-wal`).size > 0, 'its log is not written back');

    const out = await succeeds(['import', source, '--data', dataDir, '--name', 'moved']);
    assert.deepEqual(snapshot(source), files, 'the source is left as it was');
    assert.match(out, /Imported as the instance moved/);
    assert.match(out, /taken:.* \d+ prekeys, [1-9]\d* sessions?, /);
    assert.match(out, /1 sender key, 1 app state key, /);
    assert.match(out, /left out: 1 sender key of our own /);
    assert.match(out, /must not run in two places/);
    assert.doesNotMatch(out, /could not be read|made anew with the next message\), \d+ session/);

    const here = await revived(t, sim, dataDir, 'moved');
    assert.deepEqual(await sim.admin('delivery', { number: own, mode: 'release' }), { released: 2 });
    for (const number of [peer, third]) await readsHere(here, `held back, from ${number}`);
    await writesBothWays(sim, here, 'moved', group, phoneReads);
    assertToldOnce(here);
    // App state is read with the keys that came along: a snapshot first, then what changes.
    const peerIs = (name) =>
      until(`${peer} is called "${name}"`, async () => {
        const { body } = await here.ponted.request('GET', `/api/chat/contacts/moved?number=${peer}`);
        return JSON.stringify(body).includes(name);
      });
    await peerIs('Peer as written before');
    await named(sim, peer, 'Peer as written after');
    await peerIs('Peer as written after');

    const after = await sim.state();
    const { companions } = after.phones.find(({ number }) => number === own);
    assert.equal(after.counts.pairings, 1);
    assert.deepEqual(companions.map(({ jid, identity }) => ({ jid, identity })), [{ jid: before.jid, identity: before.identity }]);
    assert.equal(await retries(sim), asked, 'nobody asked for a message again');
    assert.deepEqual(after.violations.map(({ text }) => text).filter((text) => !one.known.test(text)), []);

    // What is there is not imported once more.
    await here.ponted.stop();
    const again = await ponte(['import', source, '--data', dataDir, '--name', 'another']);
    assert.equal(again.code, 1);
    assert.match(again.error, /this device is there already: it is the one of the instance moved/);
  });
}

test('an instance of Ponte goes on in another Ponte', async (t) => {
  const sim = await startSim();
  t.after(() => sim.stop());
  for (const number of [own, peer, third]) await sim.admin('phone', { number, pushName: `Phone of ${number}` });
  const phoneReads = (number, text) =>
    sim.until(`${number} reads "${text}"`, async () =>
      (await sim.admin('messages', { number, after: 0 })).read.find((one) => one.text === text),
    );
  const { id: group } = await sim.admin('group', { subject: 'Three', creator: third, members: [own, peer] });
  const from = await temporaryFolder(t);
  const there = await startPonted({ dataDir: from, env: pointedAt(sim) });
  t.after(() => there.stop('SIGKILL'));
  await there.create('sales');
  const { body } = await there.connect('sales');
  await sim.admin('scan', { qr: body.qrCode, number: own });
  await there.reached('sales', 'connected');
  await canBeWrittenTo(sim, own);
  await send({ ponted: there }, 'sales', peer, 'from where it was');
  await phoneReads(peer, 'from where it was');
  await sim.admin('send', { from: third, group, text: 'to the group' });
  const { token, instanceId } = await there.instance('sales');

  // Not while it runs.
  const file = path.join(await temporaryFolder(t), 'sales.ponte');
  const secret = path.join(await temporaryFolder(t), 'passphrase');
  writeFileSync(secret, `${passphrase}\n`, { mode: 0o600 });
  const running = await ponte(['export', 'sales', '--data', from, '--out', file, '--passphrase-file', secret]);
  assert.equal(running.code, 3);
  assert.match(running.error, /in use: stop the ponted that runs on it first/);
  assert.equal(existsSync(file), false);
  assert.equal((await there.stop()).code, 0);

  const out = await succeeds(['export', 'sales', '--data', from, '--out', file, '--passphrase-file', secret, '--move']);
  assert.match(out, /^Exported the instance sales [^]*\nIt is removed here/);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const bytes = readFileSync(file);
  for (const word of ['sales', token, own]) assert.equal(bytes.includes(word), false, word);

  const to = await temporaryFolder(t);
  const wrong = await ponte(['import', file, '--data', to, '--passphrase-file', '-'], 'another passphrase\n');
  assert.equal(wrong.code, 1);
  assert.match(wrong.error, /wrong passphrase, or the file is damaged/);
  assert.deepEqual(readdirSync(to), [], 'nothing is made by what is refused');
  assert.match(await succeeds(['import', file, '--data', to, '--passphrase-file', '-'], `${passphrase}\n`), /instance sales/);

  const here = await revived(t, sim, to, 'sales');
  assert.notEqual(here.instance.token, token);
  assert.equal(here.instance.instanceId, instanceId);
  await writesBothWays(sim, here, 'sales', group, phoneReads);
  assertToldOnce(here);
  const history = await here.ponted.request('POST', '/api/chat/history/sales', { body: { number: peer } });
  assert.match(JSON.stringify(history.body), /from where it was/);

  // Where it was there is nothing left.
  const emptied = await startPonted({ dataDir: from, env: pointedAt(sim) });
  t.after(() => emptied.stop('SIGKILL'));
  assert.deepEqual((await emptied.request('GET', '/api/instance/list')).body.instances, []);
  assert.equal((await sim.state()).counts.pairings, 1);
});
