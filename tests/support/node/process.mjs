// Programs that a test starts: their lines, their end, and nothing left running behind.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

/** The folder with `ponted` and `ponte`: PONTE_BUILD_DIR, else the release build. */
export const buildDir = path.resolve(root, process.env.PONTE_BUILD_DIR ?? 'build/release');

export function program(name) {
  const file = path.join(buildDir, name);
  if (!existsSync(file)) throw new Error(`${file} is not built (PONTE_BUILD_DIR names another folder)`);
  return file;
}

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** Polls `condition` until it gives something truthy, and gives that; rejects after `seconds`. */
export async function until(what, condition, seconds = 30) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`not within ${seconds} s: ${what}`);
    await pause(20);
  }
}

/** One started program. Its output is kept for the failure message; lines of stdout can be awaited, or taken by `onLine`. */
export class Program {
  #waiting = [];
  lines = [];
  stdout = '';
  stderr = '';

  constructor(file, args = [], { env = {}, cwd } = {}) {
    this.name = path.basename(file);
    this.child = spawn(file, args, { env: { ...process.env, ...env }, cwd, stdio: ['pipe', 'pipe', 'pipe'] });
    this.child.stdin.on('error', () => {});
    running.add(this.child);
    this.child.stderr.on('data', (data) => (this.stderr = (this.stderr + data).slice(-65536)));
    this.child.stdout.on('data', (data) => (this.stdout = (this.stdout + data).slice(-65536)));
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      this.lines.push(line);
      this.onLine?.(line);
      this.#wake();
    });
    this.exited = new Promise((resolve) => {
      this.child.on('error', (error) => {
        this.stderr += error.message;
        running.delete(this.child);
        resolve({ code: null, signal: null });
      });
      this.child.on('close', (code, signal) => {
        running.delete(this.child);
        resolve({ code, signal });
      });
    });
    this.exited.then((end) => {
      this.end = end;
      this.#wake();
    });
  }

  #wake() {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  output() {
    return `--- ${this.name} stdout\n${this.stdout}\n--- ${this.name} stderr\n${this.stderr}`;
  }

  /** The first line of stdout, from the `from`th on, that `accept` gives something truthy for: that something. */
  async line(what, accept, seconds = 30, from = 0) {
    let at = from;
    const deadline = Date.now() + seconds * 1000;
    for (;;) {
      for (; at < this.lines.length; at++) {
        const value = accept(this.lines[at]);
        if (value) return value;
      }
      if (this.end) throw new Error(`${this.name} ended (${JSON.stringify(this.end)}) without ${what}\n${this.output()}`);
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`${this.name}: no ${what} within ${seconds} s\n${this.output()}`);
      await new Promise((wake) => {
        const timer = setTimeout(wake, left);
        this.#waiting.push(() => (clearTimeout(timer), wake()));
      });
    }
  }

  /** Waits for its end by itself. */
  async ended(seconds = 30) {
    const timer = new AbortController();
    const late = pause(seconds * 1000, 'late', { signal: timer.signal }).catch(() => {});
    const end = await Promise.race([this.exited, late]);
    timer.abort();
    if (end === 'late') throw new Error(`${this.name} did not end within ${seconds} s\n${this.output()}`);
    return end;
  }

  /** Ends it: `signal`, and SIGKILL where that does not do within `seconds`. Gives its end. */
  async stop(signal = 'SIGTERM', seconds = 15) {
    if (this.end) return this.end;
    this.child.kill(signal);
    try {
      return await this.ended(seconds);
    } catch (error) {
      this.child.kill('SIGKILL');
      await this.exited;
      throw error;
    }
  }
}
