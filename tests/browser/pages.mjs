// Ponte's pages in Chromium, with an eye on what they ask for and complain of.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { accountToken } from '../support/node/ponted.mjs';

const names = ['chromium', 'chromium-browser', 'google-chrome'];
const executable = () => names.map((name) => spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim()).find(Boolean);
const playwright = await import('playwright-core').catch(() => null);
const axe = await import('axe-core').then(() => readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')).catch(() => null);

/** `{ skip }` for node:test. */
export function needsBrowser() {
  if (!playwright || !axe) return { skip: 'no playwright-core or axe-core (tools/setup.sh)' };
  return { skip: executable() ? false : 'chromium is not installed (tools/setup.sh)' };
}

/** The folder that pictures for the documentation go to, where PONTE_PICTURES names one. */
export const pictures = process.env.PONTE_PICTURES;

const phone = {
  viewport: { width: 390, height: 844 },
  hasTouch: true,
  isMobile: true,
  userAgent: 'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Mobile Safari/537.36',
};

/** A browser that ends with the test. */
export async function startChromium(t) {
  // The sandbox needs rights that containers often lack; what is shown is our own page.
  const browser = await playwright.chromium.launch({ executablePath: executable(), args: ['--no-sandbox', '--disable-dev-shm-usage'] });
  t.after(() => browser.close());
  return new Chromium(browser);
}

class Chromium {
  constructor(browser) {
    this.browser = browser;
  }

  /** A page of its own context. `kind: 'phone'` is one with a touch screen. */
  async open(url, { kind, scheme = 'light', locale = 'en-US', width = 1100, height = 860, ...more } = {}) {
    const context = await this.browser.newContext({
      viewport: { width, height }, colorScheme: scheme, locale, ...(kind === 'phone' ? phone : {}), ...more,
    });
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    return watch(page, url);
  }
}

/** Keeps what a page asks for and complains of, and opens `url`. */
export async function watch(page, url) {
  page.requests = [];
  page.complaints = [];
  page.on('request', (request) => page.requests.push(request));
  page.on('pageerror', (error) => page.complaints.push(error.message));
  page.on('console', (message) => {
    // A refused call is an answer that the page reads; Chromium writes it down besides.
    if (['error', 'warning'].includes(message.type()) && !/^Failed to load resource: the server responded with a status of [45]/.test(message.text())) {
      page.complaints.push(message.text());
    }
  });
  if (url) await page.goto(url);
  return page;
}

/** Nothing came from elsewhere, and nothing was complained of: no policy was broken, no script failed. */
export function assertQuiet(page) {
  const own = new URL(page.url()).origin;
  const elsewhere = page.requests.map((request) => request.url()).filter((url) => !url.startsWith(`${own}/`) && !url.startsWith('data:'));
  assert.deepEqual(elsewhere, []);
  assert.deepEqual(page.complaints, []);
}

/** What axe-core finds wrong with what is shown, in this scheme and that; and that nothing sticks out. */
export async function assertAccessible(page, what) {
  for (const colorScheme of ['dark', 'light']) {
    await page.emulateMedia({ colorScheme });
    // Through the protocol: the page's own policy lets no script in.
    const found = await page.evaluate(`(() => { ${axe}; return axe.run(document, { resultTypes: ['violations'] }); })()`);
    const said = found.violations.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join('\n  ')}`);
    assert.deepEqual(said, [], `${what}, ${colorScheme}`);
  }
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(over <= 0, `${what}: ${over} pixels stick out`);
}

/** The picture for the documentation, where one is asked for. */
export async function picture(page, name) {
  if (!pictures) return;
  await page.mouse.move(0, 0);
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: path.join(pictures, name), animations: 'disabled' });
}

/** What is in focus: its name as text. */
export const focused = (page) => page.evaluate(() => document.activeElement?.textContent?.trim() || document.activeElement?.getAttribute('aria-label') || document.activeElement?.id || '');

/** Presses Tab until what is in focus matches `accept`, at most `most` times. */
export async function tabTo(page, selector, most = 30) {
  for (let i = 0; i < most; i++) {
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted) ?? false, selector)) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`${selector} is not reached by Tab`);
}

/** Opens the dashboard as who has the account token. */
export async function signIn(page, token = accountToken) {
  await page.getByLabel('Account token').fill(token);
  await page.getByRole('button', { name: 'Open' }).click();
}
