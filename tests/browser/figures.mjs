// What the pages weigh and how soon something is seen, for docs/benchmarks.md:
//
//   PONTE_BUILD_DIR=build/release node tests/browser/figures.mjs [LOADS]
import { gzipSync } from 'node:zlib';
import { needsBrowser, startChromium } from './pages.mjs';
import { startService } from '../support/node/service.mjs';

const loads = Number(process.argv[2] ?? 21);
const { skip } = needsBrowser();
if (skip) {
  console.error(skip);
  process.exit(1);
}

const cleanups = [];
const t = { after: (cleanup) => cleanups.unshift(cleanup) };

const sorted = (values) => [...values].sort((a, b) => a - b);
const median = (values) => sorted(values)[Math.floor(values.length / 2)];

/** One load with an empty cache: when the first paint was, and when something could be read. */
async function load(chromium, url) {
  const page = await chromium.open(url);
  const paints = await page.waitForFunction(() => {
    const entries = performance.getEntriesByType('paint');
    return entries.some(({ name }) => name === 'first-contentful-paint') && Object.fromEntries(entries.map(({ name, startTime }) => [name, startTime]));
  });
  const times = await paints.jsonValue();
  await page.locator('h1').waitFor();
  const paths = page.requests.map((request) => new URL(request.url()).pathname).filter((path) => !path.startsWith('/v1/'));
  await page.context().close();
  return { first: times['first-paint'], content: times['first-contentful-paint'], paths };
}

try {
  const { ponted } = await startService(t);
  const chromium = await startChromium(t);
  await ponted.create('sales');
  const made = await ponted.request('POST', '/v1/instances/sales/links', { body: { title: 'Padaria da Ana' } });
  const files = new Map();
  for (const [name, path] of [['dashboard', '/'], ['link', `/link/${made.body.link.token}`]]) {
    await load(chromium, ponted.url + path); // the first start of a renderer is the browser's affair
    const times = [];
    for (let i = 0; i < loads; i++) times.push(await load(chromium, ponted.url + path));
    let bytes = 0;
    let compressed = 0;
    for (const each of new Set(times[0].paths)) {
      const { body } = await ponted.request('GET', each, { token: null });
      const key = each.startsWith('/link/') ? '/link/' : each;
      files.set(key, Buffer.byteLength(body));
      bytes += files.get(key);
      compressed += gzipSync(body, { level: 9 }).length;
    }
    const content = times.map((time) => time.content);
    console.log(`${name}: first paint ${median(times.map((time) => time.first)).toFixed(0)} ms, with content ${median(content).toFixed(0)} ms ` +
      `(${sorted(content)[0].toFixed(0)} to ${sorted(content).at(-1).toFixed(0)}, ${loads} loads); ${bytes} bytes in ${new Set(times[0].paths).size} files, ${compressed} compressed`);
  }
  console.log(`both: ${[...files.values()].reduce((sum, size) => sum + size, 0)} bytes`);
} finally {
  for (const cleanup of cleanups) await cleanup();
}
