// Headless Chromium over its DevTools protocol: what a page shows, asks for, and complains of.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { until } from './process.mjs';

const names = ['chromium', 'chromium-browser', 'google-chrome'];

/** `{ skip }` for node:test. */
export function needsChromium() {
  return { skip: names.some(isThere) ? false : 'chromium is not installed (tools/setup.sh)' };
}

function isThere(name) {
  return !spawnSync(name, ['--version']).error;
}

/** A browser with a profile of its own; `close()` ends it. */
export async function startBrowser() {
  const profile = mkdtempSync(path.join(os.tmpdir(), 'ponte-browser-'));
  // The sandbox needs rights that containers often lack; what is shown is our own page.
  const options = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'];
  const child = spawn(names.find(isThere), [...options, `--user-data-dir=${profile}`, '--remote-debugging-pipe'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  });
  return new Browser(child, profile);
}

class Browser {
  #waiting = new Map();
  #pages = new Map();
  #last = 0;
  #rest = '';

  constructor(child, profile) {
    Object.assign(this, { child, profile });
    this.ended = new Promise((resolve) => child.on('close', resolve));
    process.on('exit', () => child.kill('SIGKILL'));
    // Messages are JSON, each with a NUL behind it.
    child.stdio[4].setEncoding('utf8').on('data', (data) => {
      const messages = (this.#rest + data).split('\0');
      this.#rest = messages.pop();
      for (const message of messages) this.#take(JSON.parse(message));
    });
  }

  #take({ id, result, error, method, params, sessionId }) {
    if (id === undefined) return this.#pages.get(sessionId)?.take(method, params);
    const { resolve, reject } = this.#waiting.get(id);
    this.#waiting.delete(id);
    return error ? reject(new Error(`${error.message} ${error.data ?? ''}`)) : resolve(result);
  }

  send(method, params = {}, sessionId) {
    const id = ++this.#last;
    this.child.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  /** A page of that size, in `light` or `dark`, that has loaded `url`. */
  async open(url, { width = 1280, height = 900, scheme = 'light' } = {}) {
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
    const page = new Page((method, params) => this.send(method, params, sessionId));
    this.#pages.set(sessionId, page);
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await page.send(`${domain}.enable`);
    await page.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: width < 600 });
    await page.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
    await page.send('Page.navigate', { url });
    await until(`${url} has loaded`, () => page.loaded);
    return page;
  }

  async close() {
    this.child.kill('SIGKILL');
    await this.ended;
    // Its children notice by themselves, and write until then.
    await until('the profile is gone', () => {
      try {
        rmSync(this.profile, { recursive: true, force: true });
        return true;
      } catch (error) {
        if (error.code === 'ENOTEMPTY') return false;
        throw error;
      }
    });
  }
}

class Page {
  loaded = false;
  /** The URLs that were asked for. */
  requests = [];
  /** What the page complained of: errors and warnings of its scripts, its policy and its network. */
  complaints = [];

  constructor(send) {
    this.send = send;
  }

  take(method, params) {
    if (method === 'Page.loadEventFired') this.loaded = true;
    if (method === 'Network.requestWillBeSent') this.requests.push(params.request.url);
    if (method === 'Runtime.exceptionThrown') this.complaints.push(JSON.stringify(params.exceptionDetails));
    if (method === 'Runtime.consoleAPICalled' && ['error', 'warning', 'assert'].includes(params.type)) {
      this.complaints.push(params.args.map(({ value, description }) => value ?? description).join(' '));
    }
    if (method === 'Log.entryAdded' && ['error', 'warning'].includes(params.entry.level)) {
      this.complaints.push(`${params.entry.text} ${params.entry.url ?? ''}`);
    }
  }

  /** The value of an expression in the page. */
  async evaluate(expression) {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true });
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
    return result.value;
  }

  /** Waits until the expression gives something truthy; gives it. */
  until(what, expression, seconds) {
    return until(what, () => this.evaluate(expression), seconds);
  }

  /** The PNG of what is seen. */
  async picture() {
    return Buffer.from((await this.send('Page.captureScreenshot', { format: 'png' })).data, 'base64');
  }
}
