// The documentation page in a browser.
import assert from 'node:assert/strict';
import test from 'node:test';
import { needsChromium, startBrowser } from '../support/node/browser.mjs';
import { startService } from '../support/node/service.mjs';

for (const shown of [
  { width: 1280, scheme: 'light' },
  { width: 390, scheme: 'dark' },
]) {
  test(`/docs, ${shown.width} pixels wide, ${shown.scheme}`, needsChromium(), async (t) => {
    const { ponted } = await startService(t);
    const bare = await ponted.request('GET', '/docs/swagger-ui-bundle.js', { token: null });
    if (bare.status === 404) return t.skip('built without the viewer (tools/setup.sh)');
    const browser = await startBrowser();
    t.after(() => browser.close());
    const page = await browser.open(`${ponted.url}/docs`, shown);
    const { paths } = (await ponted.request('GET', '/openapi.json', { token: null })).body;
    const operations = Object.values(paths).flatMap((methods) => Object.keys(methods)).length;
    await page.until('every operation is shown', `document.querySelectorAll('.opblock').length === ${operations}`);
    await page.evaluate(`document.querySelector('[id$=getInstanceConnectByInstance] .opblock-summary-control').click()`);
    await page.until('an operation opens', `document.querySelectorAll('.responses-table').length > 0`);
    assert.equal(await page.evaluate(`document.querySelectorAll('.errors-wrapper, .version-pragma').length`), 0);
    assert.equal(await page.evaluate(`document.documentElement.classList.contains('dark-mode')`), shown.scheme === 'dark');
    assert.ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), 'nothing sticks out');
    assert.deepEqual(page.complaints, []);
    const elsewhere = page.requests.filter((url) => !url.startsWith(`${ponted.url}/`) && !url.startsWith('data:'));
    assert.deepEqual(elsewhere, []);
    assert.ok(page.requests.includes(`${ponted.url}/openapi.json`));
  });
}

test('what the page forbids is forbidden: the assertions above can fail', needsChromium(), async (t) => {
  const { ponted } = await startService(t);
  const browser = await startBrowser();
  t.after(() => browser.close());
  const page = await browser.open(`${ponted.url}/docs`);
  await page.evaluate(`fetch('http://127.0.0.2:9/').catch(() => {})`);
  await page.evaluate(`document.body.append(Object.assign(document.createElement('script'), { textContent: 'stolen = 1' }))`);
  await page.until('it complains', 'typeof stolen === "undefined"');
  assert.ok(page.complaints.some((each) => /Content Security Policy/.test(each)), page.complaints.join('\n'));
});
