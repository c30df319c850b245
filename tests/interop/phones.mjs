// Clients that others wrote, each linked to a phone of the simulator that really encrypts.
import assert from 'node:assert/strict';
import { needs } from './clients/optional.mjs';
import { buildWhatsmeow, linkWhatsmeow } from './clients/whatsmeow.mjs';
import { startSim } from './linked.mjs';

export const [own, peer, third] = ['5511987654321', '5511987654322', '5511987654323'];

const baileys = needs('@whiskeysockets/baileys');
const { linkBaileys } = baileys.skip ? {} : await import('./clients/baileys.mjs');

/** What each client is, how it is linked to the phone `own`, and what it does that WhatsApp would not accept. */
export const clients = [
  { name: 'Baileys', needed: baileys, tls: false, start: (sim) => linkBaileys(sim), known: /^$/ },
  { name: 'whatsmeow', needed: buildWhatsmeow(), tls: true, start: (sim) => linkWhatsmeow(sim), known: /^$/ },
];

/** A simulator with phones, and a client that is linked to `own`; `prepare(sim)` comes before. */
export async function linked(t, { tls, start, known }, prepare = async () => {}) {
  const sim = await startSim(tls ? ['--tls'] : []);
  t.after(() => sim.stop());
  for (const number of [own, peer, third]) await sim.admin('phone', { number, pushName: `Phone of ${number}` });
  await prepare(sim);
  const client = start(sim);
  t.after(() => client.end());
  const { text } = await client.next('qr');
  await sim.admin('scan', { qr: text, number: own });
  await client.linked();
  await sim.until('it has prekeys', ({ phones }) => phones.find(({ number }) => number === own).companions[0]?.prekeys > 0);
  const lids = Object.fromEntries((await sim.state()).phones.map(({ number, lid }) => [number, `${lid}@lid`]));
  const messagesOf = async (number) => (await sim.admin('messages', { number, after: 0 })).read;
  const reads = (number, text) =>
    sim.until(`${number} reads "${text}"`, async () => (await messagesOf(number)).find((one) => one.text === text));
  const unobjectionable = async (knownHere = known) => {
    const { violations } = await sim.state();
    assert.deepEqual(violations.map((one) => one.text).filter((one) => !knownHere.test(one)), []);
  };
  return { sim, client, lids, reads, unobjectionable };
}
