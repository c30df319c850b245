// The dashboard in a browser, over the real program and a simulated WhatsApp.
import assert from 'node:assert/strict';
import test from 'node:test';
import { assertAccessible, assertQuiet, needsBrowser, picture, signIn, startChromium, tabTo } from './pages.mjs';
import { accountToken } from '../support/node/ponted.mjs';
import { startProxy } from '../support/node/proxy.mjs';
import { startReceiver, status } from '../support/node/receiver.mjs';
import { canBeWrittenTo, startService } from '../support/node/service.mjs';

async function startDashboard(t, { env, ...options } = {}) {
  const service = await startService(t, { env });
  const chromium = await startChromium(t);
  const open = async (more) => {
    const page = await chromium.open(`${service.ponted.url}/`, { ...options, ...more });
    await signIn(page);
    return page;
  };
  return { ...service, service, chromium, open };
}

/** Opens an instance's page from the list. */
async function openInstance(page, name) {
  await page.getByRole('link', { name }).click();
  await page.getByRole('heading', { level: 1, name }).waitFor();
}

const row = (page, name) => page.getByRole('listitem').filter({ hasText: name });

test('nothing is shown without the token, which stays in the tab alone', needsBrowser(), async (t) => {
  const { ponted, chromium } = await startDashboard(t);
  await ponted.create('sales');
  const page = await chromium.open(`${ponted.url}/`);
  assert.deepEqual(page.requests.map((request) => new URL(request.url()).pathname).filter((path) => path.startsWith('/api') || path.startsWith('/v1')), []);
  for (const wrong of ['no-token-of-anybody', 'täuschung']) {
    await signIn(page, wrong);
    await page.getByText('This token is not valid.').waitFor();
    assert.equal(await page.getByText('sales').count(), 0);
  }
  await assertAccessible(page, 'the form for the token');
  await signIn(page);
  await page.getByText('sales').waitFor();
  assert.equal(await page.evaluate(() => JSON.stringify(Object.entries(localStorage))), '[]');
  assert.ok(!page.requests.some((request) => request.url().includes(accountToken)), 'no token in an address');
  await page.reload();
  await page.getByText('sales').waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Account token').waitFor();
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  assertQuiet(page);
});

test('a token that is withdrawn leads back to the form', needsBrowser(), async (t) => {
  const { service, open } = await startDashboard(t);
  await service.ponted.create('sales');
  const page = await open();
  await page.getByText('sales').waitFor();
  await page.evaluate(() => sessionStorage.setItem('ponte-token', 'withdrawn'));
  await page.reload();
  await page.getByText('This token is not valid.').waitFor();
});

test('an instance is created, and names that may not be are refused in words', needsBrowser(), async (t) => {
  const { ponted, open } = await startDashboard(t);
  const page = await open();
  await page.getByRole('heading', { name: 'No instance yet' }).waitFor();
  await assertAccessible(page, 'the empty list');
  await page.getByRole('button', { name: 'New instance' }).click();
  const dialog = page.getByRole('dialog', { name: 'New instance' });
  await dialog.getByLabel('Name').fill('a name');
  await dialog.getByText('Only letters without accents').waitFor();
  await assertAccessible(page, 'the dialog of a new instance');
  await dialog.getByLabel('Name').fill('sales');
  await dialog.getByRole('button', { name: 'New instance' }).click();
  await page.getByRole('heading', { level: 1, name: 'sales' }).waitFor();
  assert.equal((await ponted.instance('sales')).name, 'sales');

  await page.getByRole('link', { name: 'All instances' }).click();
  await page.getByRole('button', { name: 'New instance' }).click();
  await dialog.getByLabel('Name').fill('sales');
  await dialog.getByRole('button', { name: 'New instance' }).click();
  await dialog.getByRole('alert').filter({ hasText: 'Instance already exists' }).waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  assertQuiet(page);
});

test('states change as they happen, with reason and number; search and filter', needsBrowser(), async (t) => {
  const { service, sim, ponted, open } = await startDashboard(t);
  for (const name of ['sales', 'support', 'stock']) await ponted.create(name);
  const page = await open();
  await row(page, 'sales').getByText('Disconnected').waitFor();
  await page.getByText('Live', { exact: true }).waitFor();
  const paired = await service.pair('sales');
  await row(page, 'sales').getByText('Connected', { exact: true }).waitFor();
  await row(page, 'sales').getByText(`+${paired.number}`).waitFor();

  await sim.fail({ chain: 'wrong-root', next: 1 });
  assert.equal((await ponted.connect('support')).status, 500);
  await row(page, 'support').getByText('The connection is not trustworthy').waitFor();
  await row(page, 'support').getByText('CERTIFICATE_SIGNATURE').waitFor();
  await assertAccessible(page, 'the list');

  await page.getByLabel('Search by name or number').fill('ST');
  await page.getByText('1 of 3').waitFor();
  assert.equal(await row(page, 'sales').count(), 0);
  await page.getByLabel('Search by name or number').fill(`+${paired.number.slice(0, 6)}`);
  await row(page, 'sales').waitFor();
  assert.equal(await row(page, 'stock').count(), 0);
  await page.getByLabel('Search by name or number').fill('nobody');
  await page.getByText('Nothing matches.').waitFor();
  await page.getByLabel('Search by name or number').fill('');
  await page.getByLabel('State').selectOption('disconnected');
  await page.getByText('2 of 3').waitFor();
  await openInstance(page, 'stock');
  await page.goBack();
  await page.getByText('2 of 3').waitFor();
  assertQuiet(page);
});

test('where no events come the list is asked for', needsBrowser(), async (t) => {
  const { service, ponted, open } = await startDashboard(t);
  await ponted.create('sales');
  const page = await open();
  await page.route('**/v1/events*', (route) => route.abort());
  await page.reload();
  await page.getByText('Asked every few seconds').waitFor();
  await service.pair('sales');
  await row(page, 'sales').getByText('Connected', { exact: true }).waitFor();
});

test('reconnect, log out, and delete by its name', needsBrowser(), async (t) => {
  const { service, sim, ponted, open } = await startDashboard(t);
  await service.link('sales');
  const page = await open();
  await openInstance(page, 'sales');
  await assertAccessible(page, 'an instance');
  const { logins } = (await sim.state()).counts;
  await page.getByRole('button', { name: 'Reconnect' }).click();
  await sim.until('another login', ({ counts }) => counts.logins > logins);

  await page.getByRole('button', { name: 'Log out' }).click();
  const leaving = page.getByRole('dialog', { name: 'Log sales out?' });
  await assertAccessible(page, 'the question before a logout');
  await leaving.getByRole('button', { name: 'Log out' }).click();
  await page.getByText('Logged out.', { exact: true }).waitFor();
  await page.locator('.facts').getByText('Logged out', { exact: true }).waitFor();
  assert.equal((await ponted.instance('sales')).connection.state, 'loggedout');

  await page.getByRole('button', { name: 'Reconnect' }).click();
  await page.getByRole('alert').filter({ hasText: 'no saved session' }).waitFor();

  await page.getByRole('button', { name: 'Delete' }).click();
  const removing = page.getByRole('dialog', { name: 'Delete sales?' });
  const confirm = removing.getByRole('button', { name: 'Delete' });
  await removing.getByLabel('Type sales to confirm').fill('sale');
  assert.ok(await confirm.isDisabled());
  await page.keyboard.press('Enter');
  assert.equal((await ponted.instance('sales')).name, 'sales', 'the wrong name deletes nothing');
  await removing.getByLabel('Type sales to confirm').fill('sales');
  await confirm.click();
  await page.getByRole('heading', { name: 'No instance yet' }).waitFor();
  assert.equal((await ponted.request('GET', '/api/instance/list')).body.instances.length, 0);
  assertQuiet(page);
});

test('a link is made, its address copied, its page opened; it is listed and revoked', needsBrowser(), async (t) => {
  const { ponted, open } = await startDashboard(t);
  await ponted.create('sales');
  const page = await open({ permissions: ['clipboard-read', 'clipboard-write'] });
  await openInstance(page, 'sales');
  await page.getByRole('button', { name: 'Link', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Link for sales' });
  await dialog.getByLabel('Title on the page (optional)').fill('Padaria da Ana');
  await dialog.getByLabel('Address to go to afterwards (optional)').fill('javascript:alert(1)');
  await dialog.getByRole('button', { name: 'Create link' }).click();
  await dialog.getByText('It must begin with http:// or https://.').waitFor();
  await assertAccessible(page, 'the dialog of a link');
  await dialog.getByLabel('Address to go to afterwards (optional)').fill('https://app.example.com/done');
  await dialog.getByLabel('Good for').selectOption('7 days');
  await dialog.getByLabel('Number of uses').fill('0');
  await dialog.getByRole('button', { name: 'Create link' }).click();
  await dialog.getByRole('alert').filter({ hasText: 'uses' }).waitFor();
  await dialog.getByLabel('Number of uses').fill('2');
  await dialog.getByRole('button', { name: 'Create link' }).click();
  const url = await dialog.getByLabel('Address', { exact: true }).inputValue();
  assert.match(url, new RegExp(`^${ponted.url}/link/[A-Za-z0-9_-]{43}$`));
  await assertAccessible(page, 'a link that was made');
  await dialog.getByRole('button', { name: 'Copy link' }).click();
  await dialog.getByRole('button', { name: 'Copied' }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), url);
  const opened = page.context().waitForEvent('page');
  await dialog.getByRole('link', { name: 'Open the page' }).click();
  const linking = await opened;
  await linking.getByText('Padaria da Ana').waitFor();
  assert.equal(await linking.evaluate(() => [window.opener, document.referrer].join()), ',');
  assert.equal(await linking.evaluate(() => sessionStorage.length), 0, 'the account token does not go along');
  await dialog.getByRole('button', { name: 'Close' }).click();

  const { links } = (await ponted.request('GET', '/v1/instances/sales/links')).body;
  assert.deepEqual(links.map(({ title, uses, returnUrl, state }) => ({ title, uses, returnUrl, state })),
    [{ title: 'Padaria da Ana', uses: 2, returnUrl: 'https://app.example.com/done', state: 'open' }]);
  assert.ok(Math.abs(Date.parse(links[0].expiresAt) - Date.now() - 604_800_000) < 60_000, links[0].expiresAt);
  await page.getByRole('tab', { name: 'Links' }).click();
  await page.getByText(/Open · used 0 of 2 · until/).waitFor();
  await assertAccessible(page, 'links');
  await page.getByRole('button', { name: 'Revoke the link “Padaria da Ana”' }).click();
  await page.getByText('No links.').waitFor();
  assert.equal((await ponted.request('GET', '/v1/instances/sales/links')).body.links.length, 0);
  await linking.getByRole('heading', { name: 'This link is not valid' }).waitFor();
  assertQuiet(page);
});

test('settings are shown, changed and kept', needsBrowser(), async (t) => {
  const { ponted, open } = await startDashboard(t);
  await ponted.create('sales', { ignoreStatus: true });
  const page = await open();
  await openInstance(page, 'sales');
  await page.getByRole('tab', { name: 'Settings' }).click();
  assert.ok(await page.getByLabel('Ignore status updates').isChecked());
  await page.getByLabel('Reject calls').check();
  await page.getByLabel('Message to who called').fill('Write, please');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved.').waitFor();
  await assertAccessible(page, 'settings');
  const { settings } = (await ponted.request('GET', '/api/instance/getSettings/sales')).body;
  assert.deepEqual([settings.autoRejectCalls, settings.callRejectMessage, settings.ignoreStatus], [true, 'Write, please', true]);
  assertQuiet(page);
});

test('a proxy is tested, saved and taken away; one that does not work is told', needsBrowser(), async (t) => {
  const { ponted, open } = await startDashboard(t);
  const proxy = await startProxy({ username: 'ana', password: 'secret' });
  t.after(() => proxy.close());
  await ponted.create('sales');
  const page = await open();
  await openInstance(page, 'sales');
  await page.getByRole('tab', { name: 'Proxy' }).click();
  await page.getByLabel('Connect through a proxy').check();
  await page.getByLabel('Host').fill('127.0.0.1');
  await page.getByLabel('Port').fill('99999');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('alert').filter({ hasText: 'Invalid proxy configuration' }).waitFor();

  await page.getByLabel('Port').fill(String(proxy.port));
  await page.getByRole('button', { name: 'Test' }).click();
  await page.getByRole('alert').filter({ hasText: 'PROXY_AUTH_FAILED' }).waitFor();
  await assertAccessible(page, 'a proxy that refuses');
  await page.getByLabel('User (optional)').fill('ana');
  await page.getByLabel('Password (optional)').fill('secret');
  await page.getByRole('button', { name: 'Test' }).click();
  await page.getByText(/The proxy works: \d+ ms\./).waitFor();
  assert.equal((await ponted.request('GET', '/api/instance/getProxy/sales')).body.proxy.enabled, false, 'a test saves nothing');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved.').waitFor();
  const saved = (await ponted.request('GET', '/api/instance/getProxy/sales')).body.proxy;
  assert.deepEqual([saved.enabled, saved.host, saved.port, saved.username], [true, '127.0.0.1', String(proxy.port), 'ana']);

  await page.getByLabel('Connect through a proxy').uncheck();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved.').waitFor();
  assert.equal((await ponted.request('GET', '/api/instance/getProxy/sales')).body.proxy.enabled, false);
  assertQuiet(page);
});

test('webhooks: made with their secret, tested, their tries read, and removed', needsBrowser(), async (t) => {
  const { ponted, open } = await startDashboard(t, { env: { PONTE_ALLOW_PRIVATE_WEBHOOKS: 'true' } });
  const receiver = await startReceiver(t);
  await ponted.create('sales');
  const page = await open();
  await openInstance(page, 'sales');
  await page.getByRole('tab', { name: 'Webhooks' }).click();
  await page.getByText('No webhooks.').waitFor();
  await page.getByRole('button', { name: 'New webhook' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('URL', { exact: true }).fill('ftp://nowhere');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.getByRole('alert').filter({ hasText: 'url' }).waitFor();
  await assertAccessible(page, 'the dialog of a webhook');
  await dialog.getByLabel('URL', { exact: true }).fill(receiver.url);
  await dialog.getByLabel('instance.state').check();
  await dialog.getByRole('button', { name: 'Save' }).click();
  const secret = await dialog.getByText(/^whsec_/).textContent();
  assert.ok(secret.length > 20);
  await dialog.getByRole('button', { name: 'Close' }).click();
  const kept = (await ponted.request('GET', '/api/events/webhook/sales?label=default')).body.webhook;
  assert.deepEqual([kept.url, kept.events, kept.enabled], [receiver.url, ['instance.state'], true]);

  await page.getByRole('button', { name: 'Send test' }).click();
  await page.getByText(/The test was taken: 200 in \d+ ms\./).waitFor();
  assert.equal(receiver.deliveries[0].json.event, 'webhook.test');
  receiver.answer = status(503);
  await page.getByRole('button', { name: 'Send test' }).click();
  await page.getByText(/The test was not taken: .*503|HTTP/).waitFor();
  await page.getByText('Last tries').click();
  await page.getByRole('cell', { name: 'webhook.test' }).first().waitFor();
  assert.equal(await page.getByRole('cell', { name: 'webhook.test' }).count(), 2);
  await assertAccessible(page, 'webhooks with their tries');

  await page.getByRole('button', { name: 'Edit' }).click();
  await dialog.getByLabel('Enabled').uncheck();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Off', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Remove' }).click();
  await dialog.getByRole('button', { name: 'Remove' }).click();
  await page.getByText('No webhooks.').waitFor();
  assert.deepEqual((await ponted.request('GET', '/v1/instances/sales/webhooks')).body.webhooks, []);
  assertQuiet(page);
});

test('the events of an instance appear as they happen, texts of strangers as text', needsBrowser(), async (t) => {
  const { service, sim, ponted, open } = await startDashboard(t);
  const paired = await service.link('sales');
  const page = await open();
  await openInstance(page, 'sales');
  await page.getByRole('tabpanel').getByText('Live').waitFor();
  const hostile = '<img src=x onerror="window.stolen=1">\u202eevil';
  const list = page.getByRole('tabpanel').getByRole('listitem');
  await sim.admin('phone', { number: '5511988888888', pushName: 'Ana' });
  await canBeWrittenTo(sim, paired.number);
  await sim.admin('send', { from: '5511988888888', to: paired.number, text: hostile });
  await list.filter({ hasText: 'message.exchange' }).filter({ hasText: '<img src=x onerror="window.stolen=1">' }).waitFor();
  assert.equal(await page.locator('img').count(), 0);
  await ponted.request('POST', '/api/instance/reconnect/sales');
  await list.filter({ hasText: 'instance.state' }).filter({ hasText: 'connected' }).first().waitFor();
  await list.first().locator('summary').click();
  await list.first().locator('pre').waitFor();
  await assertAccessible(page, 'events');

  await page.getByRole('button', { name: 'Pause' }).click();
  const before = await list.count();
  await ponted.request('POST', '/api/instance/reconnect/sales');
  await ponted.reached('sales', 'connected');
  assert.equal(await list.count(), before);
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.waitForFunction((count) => document.querySelectorAll('.events > li').length > count, before);
  await page.getByRole('button', { name: 'Clear' }).click();
  await page.getByText('Waiting for events.').waitFor();
  assert.equal(await page.evaluate(() => window.stolen), undefined);
  assertQuiet(page);
});

test('an instance token shows its instance and offers what it may do', needsBrowser(), async (t) => {
  const { ponted, chromium } = await startDashboard(t);
  await ponted.create('sales', { token: 'token-of-sales' });
  await ponted.create('other');
  const page = await chromium.open(`${ponted.url}/`);
  await signIn(page, 'token-of-sales');
  await page.getByText('1 of 1').waitFor();
  assert.equal(await page.getByRole('button', { name: 'New instance' }).count(), 0);
  await openInstance(page, 'sales');
  assert.equal(await page.getByRole('button', { name: 'Delete' }).count(), 0);
  assertQuiet(page);
});

test('by keyboard alone: in, create, walk the tabs, and back', needsBrowser(), async (t) => {
  const { ponted, chromium } = await startDashboard(t);
  const page = await chromium.open(`${ponted.url}/`);
  const { keyboard } = page;
  await tabTo(page, 'input[type=password]');
  await keyboard.type(accountToken);
  await keyboard.press('Enter');
  await page.getByRole('heading', { name: 'No instance yet' }).waitFor();
  await tabTo(page, 'button.main');
  await keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await tabTo(page, 'dialog input');
  await keyboard.type('sales');
  await keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'sales' }).waitFor();
  await tabTo(page, '[role=tab]');
  for (const [key, name] of [['ArrowRight', 'Links'], ['End', 'Webhooks'], ['ArrowRight', 'Events'], ['ArrowLeft', 'Webhooks'], ['Home', 'Events']]) {
    await keyboard.press(key);
    assert.equal(await page.locator('[role=tab]:focus').textContent(), name);
    assert.equal(await page.locator('[role=tab][aria-selected=true]').textContent(), name);
  }
  const outline = await page.locator('[role=tab]:focus').evaluate((tab) => getComputedStyle(tab).outlineStyle);
  assert.equal(outline, 'solid', 'the focus is seen');
  await tabTo(page, '[role=tablist] ~ *, .section-head button');
  assert.equal((await ponted.instance('sales')).name, 'sales');
});

test('in Portuguese and Spanish, and the choice is kept', needsBrowser(), async (t) => {
  const { ponted, chromium } = await startDashboard(t);
  const page = await chromium.open(`${ponted.url}/`, { locale: 'pt-BR' });
  await page.getByRole('heading', { name: 'Abrir o painel' }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'pt-BR');
  await page.getByLabel('Idioma').selectOption('es');
  await page.getByRole('heading', { name: 'Abrir el panel' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Abrir el panel' }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'es');
});

for (const shown of [{ scheme: 'light', width: 1100 }, { scheme: 'dark', width: 360, height: 740 }]) {
  test(`a list of every state, ${shown.width} pixels wide, ${shown.scheme}`, needsBrowser(), async (t) => {
    const { service, sim, ponted, open } = await startDashboard(t);
    for (const name of ['atendimento', 'cobranca', 'estoque', 'vendas-norte', 'vendas-sul', 'suporte']) await ponted.create(name);
    await service.pair('atendimento');
    await service.pair('vendas-norte');
    await service.pair('vendas-sul');
    await ponted.request('DELETE', '/api/instance/logout/vendas-sul');
    await ponted.connect('suporte');
    await sim.fail({ upgradeStatus: 403, next: 1 });
    await ponted.connect('cobranca');
    const page = await open({ ...shown, deviceScaleFactor: 2 });
    await row(page, 'suporte').getByText('Connecting').waitFor();
    await page.getByText('6 of 6').waitFor();
    await assertAccessible(page, 'the list');
    if (shown.scheme === 'light') await picture(page, 'dashboard.png');
    assertQuiet(page);
  });
}

for (const [locale, parts] of [['pt-BR', ['Eventos', 'Links', 'Configurações', 'Proxy', 'Webhooks']], ['es', ['Eventos', 'Enlaces', 'Ajustes', 'Proxy', 'Webhooks']]]) {
  test(`each part of an instance on 360 pixels, ${locale}`, needsBrowser(), async (t) => {
    const { ponted, chromium } = await startDashboard(t, { env: { PONTE_ALLOW_PRIVATE_WEBHOOKS: 'true' } });
    await ponted.create('a-name-that-is-rather-long-for-a-telephone');
    const webhook = { label: 'default', enabled: true, url: `http://127.0.0.1:9/${'long-'.repeat(20)}` };
    await ponted.request('POST', '/api/events/webhook/a-name-that-is-rather-long-for-a-telephone', { body: webhook });
    await ponted.request('POST', '/v1/instances/a-name-that-is-rather-long-for-a-telephone/links', { body: { title: 'W'.repeat(100) } });
    const page = await chromium.open(`${ponted.url}/`, { locale, width: 360, height: 740 });
    await page.locator('input[type=password]').fill(accountToken);
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'a-name' }).click();
    for (const part of parts) {
      await page.getByRole('tab', { name: part }).click();
      await page.getByRole('tabpanel').locator('button, input').first().waitFor();
      await assertAccessible(page, `${locale}: ${part}`);
    }
    assertQuiet(page);
  });
}
