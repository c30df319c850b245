// Links and their pages, for the tests that follow one.
import assert from 'node:assert/strict';
import { startChromium } from './pages.mjs';
import { readQr } from '../support/node/qr.mjs';
import { startService } from '../support/node/service.mjs';

export const number = '5511987654321';

/** A service with the instance `sales`, a browser, and `link(body)`, which makes a link and opens its page. */
export async function startLinking(t, { env } = {}) {
  const service = await startService(t, { env });
  return prepareLinking(t, service);
}

export async function prepareLinking(t, service) {
  const chromium = await startChromium(t);
  await service.ponted.create('sales');
  const make = async (body = {}) => {
    const answer = await service.ponted.request('POST', '/v1/instances/sales/links', { body });
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    return answer.body.link;
  };
  /** The page of a link, at this service whatever PONTE_PUBLIC_URL says. */
  const open = (token, options) => chromium.open(`${service.ponted.url}/link/${token}`, options);
  const link = async (body, options) => open((await make(body)).token, options);
  return { service, sim: service.sim, ponted: service.ponted, chromium, make, open, link };
}

/** What a phone's camera makes of the code that is shown. */
export async function scanned(page) {
  const shown = page.getByRole('img', { name: 'QR code for WhatsApp' });
  await shown.waitFor();
  return readQr(await shown.screenshot());
}

export const qrSource = (page) => page.locator('img.qr').getAttribute('src');

/** The state in words, as it is announced. */
export const announced = (page, text) => page.locator('p.away[aria-live=polite]').filter({ hasText: text }).waitFor({ state: 'attached' });
