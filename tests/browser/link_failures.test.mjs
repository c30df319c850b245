// What the page of a link says where linking does not work: in words, with one thing to do.
import assert from 'node:assert/strict';
import net from 'node:net';
import test from 'node:test';
import vm from 'node:vm';
import { announced, number, prepareLinking, scanned, startLinking } from './links.mjs';
import { assertAccessible, assertQuiet, needsBrowser } from './pages.mjs';
import { pointedAt } from '../support/node/ponted.mjs';
import { until } from '../support/node/process.mjs';
import { needsZbar } from '../support/node/qr.mjs';
import { Service, prepareService, startService } from '../support/node/service.mjs';

const needs = needsBrowser().skip ? needsBrowser() : needsZbar();

const panel = (page) => page.getByRole('tabpanel');

/** A failure as it is shown: words, and one action. */
async function assertFailure(page, title, action) {
  await page.getByRole('heading', { name: title, exact: true }).waitFor();
  await announced(page, title);
  const buttons = await panel(page).getByRole('button').allTextContents();
  assert.deepEqual(buttons, [action]);
}

async function assertGone(page, title) {
  await page.getByRole('heading', { name: title, exact: true }).waitFor();
  assert.equal(await page.getByRole('button').count(), 0, 'nothing can be done here');
  assert.equal(await page.getByText(/ask whoever sent/i).count(), 1, 'but this');
  await assertAccessible(page, title);
  assertQuiet(page);
}

/** Fills the number in and asks for its code. */
async function askForCode(page, of = number) {
  await page.getByRole('tab', { name: 'Phone number' }).click();
  await page.getByRole('textbox', { name: 'Phone number' }).fill(`+${of}`);
  await page.getByRole('button', { name: 'Get code' }).click();
}

test('a link that nobody made, and one that was revoked', needs, async (t) => {
  const { ponted, make, open } = await startLinking(t);
  for (const token of ['A'.repeat(43), 'short', 'with%20blank', '%3Cscript%3E']) {
    const page = await open(token);
    await assertGone(page, 'This link is not valid');
    assert.equal((await page.request.get(page.url())).status(), 404, token);
  }
  const { token, id } = await make();
  const before = await open(token);
  await before.getByRole('button', { name: 'Show QR code' }).waitFor();
  assert.equal((await ponted.request('DELETE', `/v1/instances/sales/links/${id}`)).status, 200);
  await before.reload();
  await assertGone(before, 'This link is not valid');
});

test('a link that expires while it is open, and one that has expired', needs, async (t) => {
  const { make, open } = await startLinking(t);
  const { token } = await make({ expiresIn: 4 });
  const page = await open(token);
  await page.getByRole('button', { name: 'Show QR code' }).waitFor();
  await page.getByRole('heading', { name: 'This link has expired' }).waitFor();
  await assertGone(page, 'This link has expired');
  assert.equal((await page.request.get(page.url())).status(), 410);
  await assertGone(await open(token), 'This link has expired');
});

test('a link that was used, and one whose instance is deleted', needs, async (t) => {
  const { sim, ponted, make, open } = await startLinking(t);
  const used = await make();
  const page = await open(used.token);
  await page.getByRole('button', { name: 'Show QR code' }).click();
  await sim.scan(await scanned(page));
  await page.getByRole('heading', { name: 'WhatsApp is linked' }).waitFor();
  const again = await open(used.token);
  await assertGone(again, 'This link was used already');
  assert.equal((await again.request.get(again.url())).status(), 410);

  const { token } = await make();
  assert.equal((await ponted.remove('sales')).status, 200);
  await assertGone(await open(token), 'What this link led to is gone');
});

test('an account that was linked by another way: nothing is left to do, and no number is told', needs, async (t) => {
  const { service, link } = await startLinking(t);
  const { number: own } = await service.pair('sales');
  const page = await link();
  await page.getByText('This account is linked already. There is nothing left to do.').first().waitFor();
  assert.ok(!(await page.content()).includes(own.slice(2)));
  await assertAccessible(page, 'linked by another way');
  assertQuiet(page);
});

test('an instance that is deleted while its page is open', needs, async (t) => {
  const { ponted, link } = await startLinking(t);
  const page = await link();
  await page.getByRole('button', { name: 'Show QR code' }).click();
  await page.getByRole('img', { name: 'QR code for WhatsApp' }).waitFor();
  await ponted.remove('sales');
  await assertGone(page, 'What this link led to is gone');
});

/** What the simulator can bring about, as the page tells it. */
const failures = [
  { faults: { chain: 'wrong-root' }, title: 'The connection is not trustworthy', cause: 'CERTIFICATE_SIGNATURE' },
  { faults: { upgradeStatus: 403 }, title: 'WhatsApp cannot be reached', cause: 'WEBSOCKET_REFUSED' },
  { faults: { failure: { reason: 405 } }, title: 'WhatsApp does not let this service in', cause: 'CLIENT_OUTDATED' },
];
for (const { faults, title, cause } of failures) {
  test(`${cause} is told, and trying again works`, needs, async (t) => {
    const { sim, link } = await startLinking(t);
    const page = await link();
    await sim.fail({ ...faults, next: 1 });
    await page.getByRole('button', { name: 'Show QR code' }).click();
    await assertFailure(page, title, 'Try again');
    await page.getByText(`Cause: ${cause}`).waitFor();
    await assertAccessible(page, cause);
    await page.getByRole('button', { name: 'Try again' }).click();
    await sim.scan(await scanned(page));
    await page.getByRole('heading', { name: 'WhatsApp is linked' }).waitFor();
  });
}

test('WhatsApp out of reach, and the way through a proxy that is not there', needs, async (t) => {
  const closed = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => closed.once('listening', resolve));
  const { port } = closed.address();
  await new Promise((resolve) => closed.close(resolve));
  const service = await prepareService(t, Service);
  await service.start({ ...pointedAt(service.sim), PONTE_WHATSAPP_URL: `ws://127.0.0.1:${port}/ws/chat` });
  const { ponted, link } = await prepareLinking(t, service);
  const page = await link();
  await page.getByRole('button', { name: 'Show QR code' }).click();
  await assertFailure(page, 'WhatsApp cannot be reached', 'Try again');
  await ponted.request('POST', '/api/instance/proxy/sales', { body: { enabled: true, protocol: 'http', host: '127.0.0.1', port: String(port) } });
  await page.getByRole('button', { name: 'Try again' }).click();
  await assertFailure(page, 'The proxy does not work', 'Try again');
});

const refusals = [
  { refusal: { code: 400, text: 'bad-request' }, title: 'This number does not work', action: 'Change the number' },
  { refusal: { code: 403, text: 'forbidden' }, title: 'WhatsApp gives no code for this number', action: 'Use a QR code' },
  { refusal: { code: 429, text: 'rate-overlimit', backoff: 90 }, title: 'Too many codes for this number', action: 'Use a QR code' },
  { refusal: { code: 452, text: 'unavailable' }, title: 'WhatsApp gives no code for this number', action: 'Use a QR code' },
];
for (const { refusal, title, action } of refusals) {
  test(`a code that WhatsApp answers with ${refusal.code}: ${action}`, needs, async (t) => {
    const { sim, link } = await startLinking(t);
    await sim.fail({ number, codeRefusal: refusal });
    const page = await link();
    await askForCode(page);
    await assertFailure(page, title, action);
    if (refusal.backoff) await page.getByText(/Try again from \d/).waitFor();
    await assertAccessible(page, title);
    await page.getByRole('button', { name: action }).click();
    if (action === 'Use a QR code') {
      await sim.scan(await scanned(page));
      await page.getByRole('heading', { name: 'WhatsApp is linked' }).waitFor();
    } else {
      assert.equal(await page.getByRole('textbox', { name: 'Phone number' }).inputValue(), number.slice(2), 'what was typed is there');
    }
  });
}

test('a scan that does not verify, and the code that runs out untyped', needs, async (t) => {
  const { sim, link } = await startLinking(t);
  const page = await link();
  await sim.fail({ pairSuccess: 'bad-hmac', next: 1 });
  await page.getByRole('button', { name: 'Show QR code' }).click();
  const text = await scanned(page);
  await assert.rejects(sim.scan(text));
  await assertFailure(page, "The phone's answer does not fit", 'Try again');
});

// The rest of the causes, which take days or a real account to come about: the answer to the start is put in their place.
const answers = [
  ['PAIRING_CODE_EXPIRED', 500, 'The code has run out', 'Get a new code'],
  ['TEMPORARILY_BANNED', 500, 'WhatsApp has paused this account', 'Try again'],
  ['BANNED', 500, 'WhatsApp has blocked this account', 'Try again'],
  ['LOGGED_OUT', 500, 'The account is no longer linked', 'Try again'],
  ['SUPERSEDED', 500, 'Another number was entered', 'Change the number'],
  ['MULTIDEVICE_UNSUPPORTED', 500, 'WhatsApp on the phone is too old', 'Try again'],
  ['CONNECT_TIMEOUT', 500, 'WhatsApp cannot be reached', 'Try again'],
  ['STREAM_REPLACED', 500, 'The connection is used elsewhere', 'Try again'],
  ['RATE_LIMITED', 429, 'Too many tries', 'Try again'],
  ['SHUTTING_DOWN', 503, 'The service is not available', 'Try again'],
  ['INTERNAL', 500, 'That did not work', 'Try again'],
  ['', 502, 'The service is not available', 'Try again'],
];
test('each further cause in words, with its time where it is known', needs, async (t) => {
  const { sim, link } = await startLinking(t);
  const page = await link();
  let next;
  await page.route('**/v1/link/start', (route) => {
    const [code, status] = next;
    const retryAt = code === 'TEMPORARILY_BANNED' ? new Date(Date.now() + 3_600_000).toISOString() : undefined;
    return route.fulfill({ status, json: code ? { success: false, error: { code, message: 'x', retryAt }, requestId: 'r' } : {} });
  });
  for (const answer of answers) {
    next = answer;
    await page.reload();
    await askForCode(page);
    await assertFailure(page, answer[2], answer[3]);
    if (answer[0] === 'TEMPORARILY_BANNED') await page.getByText(/Try again from/).waitFor();
  }
  await page.unroute('**/v1/link/start');
  await page.route('**/v1/link/start', (route) => route.abort());
  await page.reload();
  await askForCode(page);
  await assertFailure(page, 'No answer from the service', 'Try again');
  assert.equal((await sim.state()).counts.connections, 0);
});

test('a page that cannot be filled says so and tries again', needs, async (t) => {
  const { make, chromium, ponted } = await startLinking(t);
  const { token } = await make();
  const page = await chromium.open(`${ponted.url}/health`);
  let broken = true;
  await page.route('**/v1/link', (route) => (broken ? route.abort() : route.continue()));
  await page.goto(`${ponted.url}/link/${token}`);
  await page.getByRole('heading', { name: 'No answer from the service' }).waitFor();
  broken = false;
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('button', { name: 'Show QR code' }).waitFor();
});

test('a stream that breaks while the device logs in: the link was used up by that', needs, async (t) => {
  const { make, chromium, ponted } = await startLinking(t);
  const { token } = await make();
  const page = await chromium.open(`${ponted.url}/health`);
  const view = { state: 'linking', qr: null, code: null, passkey: null, number: '+5511912345678', reason: null };
  let asked = 0;
  await page.route('**/v1/link/events', (route) => {
    if (asked++ === 0) return route.fulfill({ contentType: 'text/event-stream', body: `event: view\ndata: ${JSON.stringify(view)}\n\n` });
    return route.fulfill({ status: 410, json: { success: false, error: { code: 'LINK_USED', message: 'x' }, requestId: 'r' } });
  });
  await page.goto(`${ponted.url}/link/${token}`);
  await page.getByRole('heading', { name: 'WhatsApp is linked' }).waitFor();
  await page.getByText(/^\+55.* is linked/).waitFor();
  assert.equal(await page.getByText(/has been used/).count(), 0);
});

/** The command as the console of a page of WhatsApp's would run it: what it asks of the browser, and what it copies. */
async function runCommand(text) {
  const said = {};
  const credentials = { get: async (asked) => ((said.asked = asked), { toJSON: () => ({ stands: 'in' }) }) };
  const console = { PublicKeyCredential: { parseRequestOptionsFromJSON: (json) => json }, navigator: { credentials },
    copy: (copied) => (said.copied = copied), console: { log: () => {} } };
  await vm.runInNewContext(text, console);
  return said;
}

test('an account with a passkey: the command is run, the result pasted, the codes compared', needs, async (t) => {
  const { sim, ponted, link } = await startLinking(t);
  const page = await link();
  await sim.fail({ passkey: true, next: 1 });
  await page.getByRole('button', { name: 'Show QR code' }).click();
  const outcome = sim.scan(await scanned(page)).catch((error) => error);
  await page.getByRole('heading', { name: 'Your account asks for its passkey' }).waitFor();
  await announced(page, 'Your account asks for its passkey');
  await assertAccessible(page, 'a passkey that is asked for');
  const command = page.locator('pre');
  assert.ok(!(await command.isVisible()), 'folded away');
  await page.getByText('Show the command').click();
  await assertAccessible(page, 'the command');

  const { asked, copied } = await runCommand(await command.textContent());
  assert.equal(copied, '{"stands":"in"}');
  assert.equal(asked.publicKey.rpId, 'whatsapp.com');

  const result = page.getByLabel('Result');
  await result.fill('not the result');
  await page.getByRole('button', { name: 'Send result' }).click();
  await page.getByText('That is not the result of the command.').waitFor();
  await result.fill('{"id":"x"}');
  await page.getByRole('button', { name: 'Send result' }).click();
  await page.getByText('The result is not complete, or of another request.').waitFor();
  await assertAccessible(page, 'a result that is none');
  const { assertion } = await sim.passkeyAssertion(asked.publicKey);
  await result.fill(JSON.stringify(assertion));
  await page.getByRole('button', { name: 'Send result' }).click();
  await page.getByRole('heading', { name: 'Compare the code' }).waitFor();
  assert.equal(await page.locator('.pairing-code').textContent(), await sim.passkeyCode());
  await assertAccessible(page, 'the codes are compared');
  await page.getByRole('button', { name: 'The codes are the same' }).click();
  await page.getByRole('heading', { name: 'WhatsApp is linked' }).waitFor();
  const paired = await outcome;
  assert.ok(!(paired instanceof Error), paired.message);
  assert.match((await ponted.reached('sales', 'connected')).numberJid, new RegExp(`^${paired.number}@`));
  assert.ok(!page.requests.some((request) => request.url().includes(assertion.id)));
});

test('a passkey on a phone: the page says that a computer is needed', needs, async (t) => {
  const { sim, link } = await startLinking(t);
  const page = await link({}, { kind: 'phone' });
  await sim.fail({ passkey: true, next: 1 });
  await page.getByRole('textbox', { name: 'Phone number' }).fill(`+${number}`);
  await page.getByRole('button', { name: 'Get code' }).click();
  await page.getByText('Type this code into WhatsApp').waitFor();
  const outcome = sim.enterCode(number, await page.locator('.pairing-code [aria-hidden]').textContent()).catch((error) => error);
  await page.getByText('This step needs a computer: open this page there.').waitFor();
  await assertAccessible(page, 'a passkey on a phone');
  void outcome;
});

test('pages of many links at once: each shows its own instance', needs, async (t) => {
  const service = await startService(t);
  const { chromium } = await prepareLinking(t, service);
  const { ponted, sim } = service;
  await ponted.create('support');
  const pages = {};
  for (const name of ['sales', 'support']) {
    const made = (await ponted.request('POST', `/v1/instances/${name}/links`, { body: { title: name } })).body.link;
    pages[name] = await chromium.open(`${ponted.url}/link/${made.token}`);
    await pages[name].getByRole('button', { name: 'Show QR code' }).click();
  }
  await sim.scan(await scanned(pages.support));
  await pages.support.getByRole('heading', { name: 'WhatsApp is linked' }).waitFor();
  await pages.sales.getByRole('img', { name: 'QR code for WhatsApp' }).waitFor();
  await until('only one is connected', async () => (await ponted.instance('support')).connection.state === 'connected');
  assert.equal((await ponted.instance('sales')).connection.state, 'connecting');
});
