// whatsmeow as a Go program of ours around it. It checks the whole certificate chain, the pairing's HMAC and the
// account signature.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { Happenings } from '../../support/node/happenings.mjs';
import { Program, root } from '../../support/node/process.mjs';

const source = path.join(root, 'tests/interop/whatsmeow');
const binary = path.join(root, '.tools/interop/whatsmeow');

function go(seconds, ...args) {
  const env = { ...process.env, GOTOOLCHAIN: 'local', GOFLAGS: '-mod=readonly -buildvcs=false', CGO_ENABLED: '1' };
  return spawnSync('go', args, { cwd: source, env, encoding: 'utf8', timeout: seconds * 1000 });
}

/**
 * `{ skip }` for node:test: false where the program could be built, else why not. Only what is not ours to give
 * skips: no Go, one that is too old, modules that cannot be had. A program that does not compile throws.
 */
export function buildWhatsmeow() {
  const version = go(30, 'env', 'GOVERSION');
  if (version.error) return { skip: 'whatsmeow: no go on this machine' };
  const minor = Number(/^go1\.(\d+)/.exec(version.stdout ?? '')?.[1] ?? 0);
  if (minor < 26) return { skip: `whatsmeow: needs Go 1.26, this is ${version.stdout.trim() || 'older'}` };
  const modules = go(120, 'mod', 'download');
  if (modules.status !== 0) return { skip: `whatsmeow: its modules cannot be had: ${modules.stderr.trim().split('\n')[0]}` };
  mkdirSync(path.dirname(binary), { recursive: true });
  // The machine's own SQLite, which the program is built against, too.
  const build = go(280, 'build', '-tags', 'libsqlite3', '-o', binary, '.');
  if (build.status !== 0) throw new Error(`go build: ${build.stderr || build.error}`);
  return { skip: false };
}

/** The code with the client type (1: Chrome) that today's phones want: this whatsmeow is older and shows four fields. */
function withClientType(code) {
  return code.split(',').length === 4 ? `${code},1` : code;
}

/**
 * Starts linking. Happens: `qr` {text, texts}, `paired` {jid, lid, platform, businessName}, `open` {prekeys}, `message`
 * {id, chat, sender, own, text, pushName}, `undecryptable` {id}, `receipt` {ids, type, sender}, `history` {type, chats,
 * messages}, `appState` {index}, `failed`.
 * `rootKey`: hex of the root that its chain check is given. `store`: the SQLite file in which it keeps its device, else
 * that is in memory. `code(number)` asks for a pairing code, as soon as there was
 * a `qr`; `logInAgain` opens another connection with what it keeps; `send(jid, text)` gives the id once the server has it;
 * `mute(jid)` writes app state, `learns('mute')` waits until it has read some of that kind.
 */
export function linkWhatsmeow(sim, { rootKey = sim.rootKey, store } = {}) {
  const happenings = new Happenings('whatsmeow');
  const args = ['-url', sim.url, '-root', rootKey, '-v'];
  if (sim.caFile) args.push('-ca', sim.caFile);
  if (store) args.push('-store', store);
  const program = new Program(binary, args);
  program.onLine = (line) => {
    if (!line.startsWith('{')) return happenings.said(line); // its Signal library logs there, too
    const { event, ...value } = JSON.parse(line);
    if (event === 'qr') happenings.push('qr', { text: withClientType(value.codes[0]), texts: value.codes });
    else if (event === 'paired') happenings.push('paired', value);
    else if (event === 'code') happenings.push('code', value);
    else if (event === 'connected') happenings.push('open', value);
    else if (['message', 'receipt', 'sent', 'undecryptable', 'history', 'appState'].includes(event)) happenings.push(event, value);
    else happenings.push('failed', value);
  };
  program.child.stderr.on('data', (data) => String(data).trimEnd().split('\n').forEach((line) => happenings.said(line)));
  program.exited.then(() => happenings.push('failed', { message: 'it ended' }));
  return {
    next: (kind, seconds) => happenings.next(kind, seconds),
    code: async (number) => {
      program.child.stdin.write(`code ${number}\n`);
      return (await happenings.next('code')).code;
    },
    linked: async () => {
      const { jid } = await happenings.next('paired');
      await happenings.next('open');
      return jid;
    },
    logInAgain: () => {
      program.child.stdin.write('login\n');
      return happenings.next('open');
    },
    send: async (to, text) => {
      program.child.stdin.write(`send ${to} ${text}\n`);
      return (await happenings.next('sent')).id;
    },
    learns: async (kind) => {
      while ((await happenings.next('appState')).index[0] !== kind);
    },
    mute: (jid) => program.child.stdin.write(`mute ${jid}\n`),
    end: () => {
      program.child.stdin.end();
      return program.ended();
    },
  };
}
