// Links over HTTP: a page is followed to the number, a crash loses nothing, and its token is nowhere but in one answer.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { openEvents } from '../support/node/event-stream.mjs';
import { accountToken } from '../support/node/ponted.mjs';
import { needsRsvg, pngOfSvg, readQr } from '../support/node/qr.mjs';
import { startService } from '../support/node/service.mjs';

async function makeLink({ ponted }, name, body = {}) {
  const answer = await ponted.request('POST', `/v1/instances/${name}/links`, { body });
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return answer.body.link;
}

const ask = ({ ponted }, { token }, method, target, body) => ponted.request(method, target, { token, body });

async function openPage(t, { ponted }, link) {
  const page = await openEvents(ponted, '/v1/link/events', { headers: { authorization: `Bearer ${link.token}` } });
  assert.equal(page.status, 200, JSON.stringify(page.body));
  t.after(() => page.close());
  return page;
}

/** Reads on until the page shows that state: the views up to it. */
async function shown(page, state) {
  const views = [];
  for (;;) {
    const { event, data } = await page.next();
    assert.equal(event, 'view', JSON.stringify(data));
    views.push(data);
    if (data.state === state) return views;
  }
}

test('a page is followed from the first view to the number, by what it draws', needsRsvg(), async (t) => {
  const service = await startService(t, { env: { PONTE_PUBLIC_URL: 'https://ponte.example' } });
  await service.ponted.create('sales');
  const link = await makeLink(service, 'sales', { title: 'For Ana' });
  assert.equal(link.url, `https://ponte.example/link/${link.token}`);
  const page = await openPage(t, service, link);
  assert.equal((await page.next()).data.state, 'idle');
  assert.equal((await service.ponted.instance('sales')).connection.state, 'disconnected', 'opening it changes nothing');
  assert.equal((await ask(service, link, 'POST', '/v1/link/start', { method: 'qr' })).body.view.state, 'qr');
  const views = await shown(page, 'qr');
  const { svg, expiresIn } = views.at(-1).qr;
  assert.ok(expiresIn > 50 && expiresIn <= 60, `${expiresIn}`);
  const paired = await service.sim.scan(readQr(pngOfSvg(svg)));
  const last = (await shown(page, 'connected')).at(-1);
  assert.equal(last.number, `+${paired.number}`);
  await page.end();
  const used = await ask(service, link, 'GET', '/v1/link');
  assert.deepEqual([used.status, used.body.error.code], [410, 'LINK_USED']);
});

test('two pages of one link show the same, and a code rotates in place', async (t) => {
  const service = await startService(t, { env: { PONTE_QR_FIRST_TTL: '1', PONTE_QR_TTL: '1' } });
  await service.ponted.create('sales');
  const link = await makeLink(service, 'sales');
  const pages = [await openPage(t, service, link), await openPage(t, service, link)];
  await ask(service, link, 'POST', '/v1/link/start', { method: 'qr' });
  const seen = await Promise.all(pages.map((page) => shown(page, 'failed')));
  const drawn = seen.map((views) => new Set(views.filter(({ qr }) => qr).map(({ qr }) => qr.svg)));
  assert.equal(drawn[0].size, 6);
  assert.deepEqual(drawn[0], drawn[1]);
  const { qr, reason } = seen[0].at(-1);
  assert.deepEqual([qr, reason.code], [null, 'QR_EXPIRED']);
});

test('a crash keeps links, and what was used of them', async (t) => {
  const service = await startService(t);
  await service.ponted.create('sales');
  const once = await makeLink(service, 'sales');
  const twice = await makeLink(service, 'sales', { uses: 2, title: 'Twice' });
  await service.restart('SIGKILL');
  for (const link of [once, twice]) {
    const started = await ask(service, link, 'POST', '/v1/link/start', { method: 'qr' });
    assert.equal(started.body.view?.state, 'qr', JSON.stringify(started.body));
  }
  await service.pair('sales');
  await service.restart('SIGKILL');
  const { links } = (await service.ponted.request('GET', '/v1/instances/sales/links')).body;
  assert.deepEqual(links.map(({ id, used, state }) => ({ id, used, state })), [
    { id: twice.id, used: 1, state: 'open' },
    { id: once.id, used: 1, state: 'used' },
  ]);
  const opened = await ask(service, twice, 'GET', '/v1/link');
  assert.deepEqual([opened.body.link.title, opened.body.view.state], ['Twice', 'connected']);
  assert.equal((await ask(service, once, 'GET', '/v1/link')).body.error.code, 'LINK_USED');
});

test('its token does nothing else, and stands in no log and on no disk', async (t) => {
  const service = await startService(t, { env: { PONTE_LOG: 'trace' } });
  const { ponted } = service;
  await ponted.create('sales');
  const link = await makeLink(service, 'sales', { title: 'a title that is sealed' });
  const wrong = [
    ['GET', '/api/instance/list'], ['GET', '/api/instance/connect/sales'], ['DELETE', '/api/instance/delete/sales'],
    ['GET', '/v1/instances/sales'], ['GET', '/v1/instances/sales/qr.svg'], ['POST', '/v1/tickets'], ['GET', '/metrics'],
    ['GET', '/v1/instances/sales/links'], ['POST', '/v1/instances/sales/links'], ['GET', '/v1/events'],
  ];
  for (const [method, target] of wrong) assert.equal((await ask(service, link, method, target)).status, 401, target);
  await openPage(t, service, link);
  assert.equal((await ask(service, link, 'POST', '/v1/link/start', { method: 'qr' })).status, 200);
  await ponted.stop();
  const files = readdirSync(service.dataDir, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  const written = files.map((each) => readFileSync(path.join(each.parentPath ?? each.path, each.name), 'latin1'));
  const everything = [...written, ponted.process.stdout, ponted.process.stderr].join('\n');
  for (const secret of [link.token, 'a title that is sealed']) assert.ok(!everything.includes(secret), secret);
  assert.ok(everything.includes('sales'), 'the log says something');
});

test('whoever has the account token follows all instances at once, without codes and tokens', async (t) => {
  const service = await startService(t);
  const all = await openEvents(service.ponted, '/v1/events', { token: accountToken });
  t.after(() => all.close());
  await service.link('one');
  await service.ponted.create('two');
  await service.ponted.connect('two');
  const told = [];
  while (told.at(-1)?.instance !== 'two') {
    const { event, data } = await all.next();
    assert.deepEqual([event, Object.keys(data.instanceData)], ['instance.state', ['baseUrl', 'instance']]);
    assert.equal(data.data.codes, undefined);
    told.push({ instance: data.instanceData.instance, state: data.data.state });
  }
  assert.deepEqual(told.map(({ instance, state }) => `${instance} ${state}`), ['one qr_ready', 'one pair_success', 'one connected', 'two qr_ready']);
  const own = (await service.ponted.instance('one')).token;
  assert.equal((await service.ponted.request('GET', '/v1/events', { token: own })).status, 401);
});
