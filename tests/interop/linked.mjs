// What the tests of all clients share.
import assert from 'node:assert/strict';

export { startSim } from '../support/node/sim.mjs';

/** A point that is nobody's root key here. */
export const otherRoot = '142375574d0a587166aae71ebe516437c4a28b73e3695c6ce1f7f9545da8ee6b';

/**
 * Waits until the simulator says the same as the client: paired once, logged in, prekeys uploaded. It must have seen
 * nothing that WhatsApp would not accept but what `known` matches: rules that a client in use breaks are suspect.
 */
export async function assertLinked(sim, jid, known = /^$/) {
  const number = /^(\d+)/.exec(jid)?.[1];
  assert.ok(number, `a JID of a phone number: ${jid}`);
  const state = await sim.until(`${number} is online with prekeys`, (now) =>
    now.phones.find((phone) => phone.number === number)?.companions.some((one) => one.logins > 0 && one.prekeys > 0) && now,
  );
  assert.equal(state.counts.pairings, 1);
  assert.deepEqual(state.violations.map(({ text }) => text).filter((text) => !known.test(text)), []);
  return state;
}

/** The number of the phone in a test that pairs by code. */
export const number = '5511987654321';

/** Asks the client for a code, once it may. */
export async function codeOf(client, custom) {
  await client.next('qr');
  return client.code(number, custom);
}

/** The phone types the code that the client shows; the client is linked and logged in, now and the next time. */
export async function assertLinksByCode(sim, client, code, known) {
  const entered = await sim.enterCode(number, code);
  assert.equal(await client.linked(), entered.jid);
  await assertLinked(sim, entered.jid, known);
  const { logins } = (await sim.state()).counts;
  await client.logInAgain();
  await sim.until('it has logged in again', ({ counts }) => counts.logins > logins);
  await assertLinked(sim, entered.jid, known);
}

/** The phone types another code than the one shown. */
export async function assertMistyped(sim, code) {
  const mistyped = (code.startsWith('A') ? 'B' : 'A') + code.slice(1);
  await assert.rejects(sim.enterCode(number, mistyped), /409 .*the code was not the companion's/);
}
