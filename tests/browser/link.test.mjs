// The page of a link, from first paint to the linked account, against a simulated WhatsApp.
import assert from 'node:assert/strict';
import net from 'node:net';
import test from 'node:test';
import { announced, number, qrSource, scanned, startLinking } from './links.mjs';
import { assertAccessible, assertQuiet, needsBrowser, picture, tabTo } from './pages.mjs';
import { until } from '../support/node/process.mjs';
import { needsZbar } from '../support/node/qr.mjs';

const needs = needsBrowser().skip ? needsBrowser() : needsZbar();

/** Whether a WhatsApp connection was ever begun. */
const connections = async (sim) => (await sim.state()).counts.connections;

test('from the first paint to connected: the code is scanned off the page', needs, async (t) => {
  const { sim, ponted, make, open } = await startLinking(t);
  const made = await make({ title: 'Padaria da Ana', returnUrl: 'https://app.example.com/done?a=1' });
  const page = await open(made.token);
  await page.getByRole('heading', { level: 1, name: 'Link your WhatsApp' }).waitFor();
  await page.getByText('Padaria da Ana').waitFor();
  await assertAccessible(page, 'before the start');
  assert.equal(await connections(sim), 0, 'opening the page has begun nothing');
  assert.equal((await ponted.instance('sales')).connection.state, 'disconnected');

  await page.getByRole('button', { name: 'Show QR code' }).click();
  const text = await scanned(page);
  await announced(page, 'A QR code is shown.');
  await assertAccessible(page, 'a QR code');
  const { width, height, background } = await page.locator('img.qr').evaluate((image) => ({
    width: image.clientWidth, height: image.clientHeight, background: getComputedStyle(image).backgroundColor }));
  assert.ok(width >= 264 && height === width, `${width} x ${height}`);
  assert.equal(background, 'rgb(255, 255, 255)');

  const paired = await sim.scan(text);
  await page.getByRole('heading', { name: 'WhatsApp is linked' }).waitFor();
  await page.getByText(`+55 ${paired.number.slice(2)} is linked.`).first().waitFor();
  await announced(page, 'WhatsApp is linked.');
  await assertAccessible(page, 'linked');
  const back = page.getByRole('link', { name: 'Continue to app.example.com' });
  assert.equal(await back.getAttribute('href'), 'https://app.example.com/done?a=1');
  assert.match(await back.getAttribute('rel'), /noopener noreferrer/);
  await ponted.reached('sales', 'connected');
  assert.equal((await sim.state()).counts.pairings, 1);
  assert.ok(!page.requests.some((request) => request.url().includes(made.token) && !request.isNavigationRequest()), 'the token is in no other address');
  assertQuiet(page);

  const again = await open(made.token);
  await again.getByRole('heading', { name: 'This link was used already' }).waitFor();
  assert.equal(await again.getByRole('button').count(), 0);
});

test('the code is replaced in place as the server says, with its countdown, and aloud once', needs, async (t) => {
  const { link } = await startLinking(t, { env: { PONTE_QR_FIRST_TTL: '3', PONTE_QR_TTL: '3' } });
  const page = await link();
  await page.getByRole('button', { name: 'Show QR code' }).click();
  const first = await scanned(page);
  const source = await qrSource(page);
  await page.evaluate(() => {
    window.pictureThere = document.querySelector('img.qr');
    window.said = [];
    const status = document.querySelector('p.away[aria-live=polite]');
    new MutationObserver(() => window.said.push(status.textContent)).observe(status, { childList: true, characterData: true, subtree: true });
  });
  await page.getByText(/New code in [123] s/).waitFor();
  assert.equal(await page.locator('.countdown').getAttribute('aria-hidden'), 'true');
  await until('another code', async () => (await qrSource(page)) !== source);
  const second = await scanned(page);
  assert.notEqual(second, first);
  assert.ok(await page.evaluate(() => window.pictureThere === document.querySelector('img.qr')), 'the same element');
  assert.deepEqual(await page.evaluate(() => window.said), [], 'nothing is said for a new code or a second');
});

test('when the codes run out the page is calm and shows a new one on request', needs, async (t) => {
  const { sim, link } = await startLinking(t, { env: { PONTE_QR_FIRST_TTL: '1', PONTE_QR_TTL: '1' } });
  const page = await link();
  await page.getByRole('button', { name: 'Show QR code' }).click();
  await scanned(page);
  await page.getByRole('heading', { name: 'The code has run out' }).waitFor();
  await announced(page, 'The code has run out');
  await assertAccessible(page, 'codes that ran out');
  assert.equal(await page.locator('.failure').count(), 0, 'that is no failure');
  assert.equal(await page.getByRole('tabpanel').getByRole('button').count(), 1, 'one thing to do');
  await page.getByRole('button', { name: 'Show a new code' }).click();
  await page.getByRole('img', { name: 'QR code for WhatsApp' }).waitFor();
  await sim.scan(await scanned(page));
  await page.getByRole('heading', { name: 'WhatsApp is linked' }).waitFor();
  assertQuiet(page);
});

test('on a phone the code to type comes first; it is copied, typed, and links', needs, async (t) => {
  const { sim, ponted, link } = await startLinking(t);
  const page = await link({}, { kind: 'phone', locale: 'pt-BR', permissions: ['clipboard-read', 'clipboard-write'] });
  const tabs = page.getByRole('tab');
  assert.deepEqual(await tabs.allTextContents(), ['Número de telefone', 'QR code']);
  assert.equal(await tabs.first().getAttribute('aria-selected'), 'true');
  await assertAccessible(page, 'a phone, before the start');
  assert.equal(await page.getByLabel('País').inputValue(), 'BR');
  const input = page.getByRole('textbox', { name: 'Número de telefone' });
  await input.fill('119876');
  await page.getByText('6 de 10–11 dígitos').waitFor();
  await input.fill('(11) 98765-4321');
  await page.getByText('Será conectado: +55 11987654321').waitFor();
  await page.getByRole('button', { name: 'Receber código' }).click();
  await page.getByText('Digite este código no WhatsApp').waitFor();
  const code = await page.locator('.pairing-code [aria-hidden]').textContent();
  assert.match(code, /^[1-9A-HJ-NP-TV-Z]{4}-[1-9A-HJ-NP-TV-Z]{4}$/);
  await page.getByText(/Válido por \d:\d\d/).waitFor();
  for (const part of ['⋮ Mais opções › Dispositivos conectados', 'Configurações › Dispositivos conectados', 'Conectar com número de telefone']) {
    await page.getByText(part).first().waitFor();
  }
  await page.getByRole('button', { name: 'Copiar código' }).click();
  await page.getByRole('button', { name: 'Copiado' }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), code.replace('-', ''));
  await announced(page, [...code.replace('-', '')].join(' '));
  await assertAccessible(page, 'a phone, with a code');
  await sim.enterCode(number, code);
  await page.getByRole('heading', { name: 'WhatsApp conectado' }).waitFor();
  await page.getByText('+55 11987654321 está conectado.').first().waitFor();
  assert.equal((await ponted.reached('sales', 'connected')).numberJid, `${number}@s.whatsapp.net`);
  assertQuiet(page);
});

test('numbers are checked as they are typed, in the way of their country', needs, async (t) => {
  const { sim, link } = await startLinking(t);
  const page = await link({}, { locale: 'en-GB' });
  await page.getByRole('tab', { name: 'Phone number' }).click();
  const [country, input] = [page.getByLabel('Country'), page.getByRole('textbox', { name: 'Phone number' })];
  assert.equal(await country.inputValue(), 'GB');
  for (const [region, text, said] of [
    ['GB', '07911 123456', 'Will be linked: +44 7911123456'],
    ['US', '(212) 555-0100', 'Will be linked: +1 2125550100'],
    ['US', '212555010', '9 of 10 digits'],
    ['BR', '119876543210', 'Too long: 12 digits, at most 11 are possible.'],
    ['DE', 'abc', 'Only digits, please.'],
    ['RU', '8 912 345-67-89', 'Will be linked: +7 9123456789'],
    ['IT', '06 1234 5678', 'Will be linked: +39 0612345678'],
    ['BR', '', 'With area code. +55 goes in front by itself.'],
  ]) {
    await country.selectOption(region);
    await input.fill(text);
    await page.getByText(said, { exact: true }).waitFor();
  }
  await page.getByRole('button', { name: 'Get code' }).click();
  await page.getByText('Enter the phone number.').waitFor();
  assert.equal(await input.getAttribute('aria-invalid'), 'true');
  await assertAccessible(page, 'a number that is missing');
  await input.fill('+34 612 34 56 78');
  assert.equal(await country.inputValue(), 'ES', 'a calling code chooses its country');
  assert.equal(await input.inputValue(), '612345678');
  assert.equal(await connections(sim), 0);
});

test('by keyboard alone, both ways; the focus is seen and never lost', needs, async (t) => {
  const { sim, link } = await startLinking(t);
  const page = await link();
  const { keyboard } = page;
  await tabTo(page, '[role=tab]');
  await keyboard.press('ArrowRight');
  assert.equal(await page.locator('[role=tab]:focus').textContent(), 'Phone number');
  await keyboard.press('ArrowLeft');
  await tabTo(page, 'button.main');
  assert.equal(await page.locator(':focus').evaluate((button) => getComputedStyle(button).outlineStyle), 'solid');
  await keyboard.press('Enter');
  await page.getByRole('img', { name: 'QR code for WhatsApp' }).waitFor();
  await page.waitForFunction(() => document.activeElement.textContent === 'Scan this code');
  await keyboard.press('Shift+Tab');
  await tabTo(page, '[role=tab]');
  await keyboard.press('End');
  await tabTo(page, 'input[type=tel]');
  await keyboard.type('+55 11 98765 4321');
  await keyboard.press('Enter');
  await page.getByText('Type this code into WhatsApp').waitFor();
  await page.waitForFunction(() => document.activeElement.textContent === 'Type this code into WhatsApp');
  await sim.enterCode(number, await page.locator('.pairing-code [aria-hidden]').textContent());
  await page.waitForFunction(() => document.activeElement.textContent === 'WhatsApp is linked');
});

test('titles and addresses from elsewhere are text, cut short, and lead nowhere but the web', needs, async (t) => {
  const { link, sim } = await startLinking(t);
  const hostile = `<img src=x onerror="window.stolen=1">\u202e${'W'.repeat(60)}`;
  const page = await link({ title: hostile, returnUrl: 'https://xn--80ak6aa92e.example/"><script>window.stolen=1</script>' });
  const shown = page.locator('.from');
  await shown.waitFor();
  const text = await shown.textContent();
  assert.ok(text.startsWith('<img src=x onerror="window.stolen=1">'), text);
  assert.ok([...text].length <= 80 && text.endsWith('…') && !text.includes('\u202e'), text);
  assert.equal(await page.locator('img').count(), 0);
  await page.getByRole('button', { name: 'Show QR code' }).click();
  await sim.scan(await scanned(page));
  const back = page.getByRole('link');
  assert.equal(await back.textContent(), 'Continue to xn--80ak6aa92e.example');
  assert.ok((await back.getAttribute('href')).startsWith('https://xn--80ak6aa92e.example/%22%3E%3Cscript%3E'));
  assert.equal(new URL(page.url()).pathname.startsWith('/link/'), true, 'the page goes nowhere by itself');
  assert.equal(await page.evaluate(() => window.stolen), undefined);
  // What the service would never give: the page does not rely on it.
  const other = await link();
  await other.route('**/v1/link', async (route) => {
    const answer = await (await route.fetch()).json();
    answer.link.returnUrl = 'javascript:window.stolen=1';
    answer.view = { ...answer.view, state: 'connected', number: `+${number}` };
    await route.fulfill({ json: answer });
  });
  await other.route('**/v1/link/events', (route) => route.abort());
  await other.reload();
  await other.getByRole('heading', { name: 'WhatsApp is linked' }).waitFor();
  assert.equal(await other.getByRole('link').count(), 0);
});

test('two pages of one link show the same code, and both hear of the end', needs, async (t) => {
  const { sim, make, open } = await startLinking(t);
  const { token } = await make();
  const [one, two] = [await open(token), await open(token)];
  await one.getByRole('button', { name: 'Show QR code' }).click();
  await two.getByRole('img', { name: 'QR code for WhatsApp' }).waitFor();
  assert.equal(await qrSource(one), await qrSource(two));
  await sim.scan(await scanned(two));
  for (const page of [one, two]) await page.getByRole('heading', { name: 'WhatsApp is linked' }).waitFor();
});

/** A port that leads to whichever ponted runs, as a reverse proxy's does. */
async function startForwarder(t, service) {
  const sockets = new Set();
  const server = net.createServer((socket) => {
    const target = net.connect(Number(new URL(service.ponted.url).port), '127.0.0.1');
    for (const [from, to] of [[socket, target], [target, socket]]) {
      sockets.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => (to.destroy(), sockets.delete(from)));
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${server.address().port}`;
}

test('a service that is started again is found again', needs, async (t) => {
  const { service, make, chromium, sim } = await startLinking(t);
  const { token } = await make();
  const page = await chromium.open(`${await startForwarder(t, service)}/link/${token}`);
  await page.getByRole('button', { name: 'Show QR code' }).waitFor();
  await service.ponted.stop('SIGKILL');
  await page.getByText('No connection to the service. Trying again…').waitFor();
  await assertAccessible(page, 'without the service');
  await service.start();
  await page.getByText('No connection to the service. Trying again…').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Show QR code' }).click();
  await sim.scan(await scanned(page));
  await page.getByRole('heading', { name: 'WhatsApp is linked' }).waitFor();
});

for (const shown of [{ width: 1100, height: 800, scheme: 'light', locale: 'en-US' }, { width: 360, height: 740, scheme: 'dark', locale: 'es-MX' }]) {
  test(`a code as it is seen, ${shown.width} pixels wide, ${shown.scheme}; without motion where none is wanted`, needs, async (t) => {
    const { link } = await startLinking(t);
    const page = await link({ title: 'Padaria da Ana' }, { ...shown, deviceScaleFactor: 2, reducedMotion: 'reduce' });
    await page.locator('button.main').click();
    await page.locator('img.qr').waitFor();
    const moving = await page.locator('.ring .left').evaluate((ring) => getComputedStyle(ring).transitionDuration);
    assert.equal(moving, '0s');
    const size = await page.locator('img.qr').evaluate((image) => image.clientWidth);
    assert.ok(size >= 264, `${size} pixels`);
    await assertAccessible(page, 'a QR code');
    if (shown.scheme === 'light') await picture(page, 'link-page.png');
    assertQuiet(page);
  });
}
