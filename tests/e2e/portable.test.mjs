// `ponte export` and `ponte import` as an operator has them: what they refuse, with which exit code, and that a refusal
// changes nothing. That a session goes on where it is imported is tested in tests/interop/portable.test.mjs.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { startPonted, temporaryFolder } from '../support/node/ponted.mjs';
import { Program, program } from '../support/node/process.mjs';

const passphrase = 'correct horse battery staple';
const interrupt = '\x03';

async function ponte(args, input) {
  const run = new Program(program('ponte'), args);
  run.child.stdin.end(input ?? '');
  const { code } = await run.ended(60);
  return { code, out: run.stdout, error: run.stderr };
}

async function refused(code, words, args, input) {
  const answer = await ponte(args, input);
  assert.equal(answer.code, code, answer.out + answer.error);
  assert.match(answer.error, words);
  assert.equal(answer.out, '');
}

/** A data directory with an instance that was never linked, and a webhook with a secret. No ponted runs on it. */
async function directory(t, name = 'sales') {
  const dataDir = await temporaryFolder(t);
  const ponted = await startPonted({ dataDir });
  t.after(() => ponted.stop('SIGKILL'));
  await ponted.create(name);
  const { status, body } = await ponted.request('POST', `/api/events/webhook/${name}`, {
    body: { label: 'main', url: 'https://example.com/hook', enabled: true },
  });
  assert.equal(status, 200, JSON.stringify(body));
  const { token } = await ponted.instance(name);
  await ponted.stop();
  return { dataDir, token };
}

const exported = async (t, dataDir, name = 'sales') => {
  const file = path.join(await temporaryFolder(t), 'file');
  const { code, error } = await ponte(['export', name, '--data', dataDir, '--out', file, '--passphrase-file', '-'], `${passphrase}\n`);
  assert.equal(code, 0, error);
  return file;
};

test('what an export needs', async (t) => {
  const { dataDir } = await directory(t);
  const file = path.join(await temporaryFolder(t), 'file');
  const args = ['export', 'sales', '--data', dataDir, '--out', file, '--passphrase-file', '-'];
  const instead = (option, value) => args.map((one, at) => (args[at - 1] === option ? value : one));
  const given = `${passphrase}\n`;
  await refused(2, /--out is required/, ['export', 'sales', '--data', dataDir]);
  await refused(2, /expected a passphrase of 8 to 1024 bytes, got 5/, args, 'short\n');
  await refused(2, /expected a passphrase of 8 to 1024 bytes, got 0/, args, '');
  await refused(2, /got a longer one/, args, 'x'.repeat(1025));
  await refused(1, /no instance of this name/, ['export', 'nobody', ...args.slice(2)], given);
  await refused(1, /there is no store of Ponte in/, instead('--data', path.dirname(file)), given);
  await refused(1, /cannot open .*: No such file/, instead('--passphrase-file', `${file}.none`));
  await refused(1, /cannot create/, instead('--out', path.join(file, 'in', 'nothing')), given);
  await refused(4, /master key/i, [...args, '--master-key-file', `${file}.none`], given);
  assert.deepEqual(readdirSync(path.dirname(file)), []);

  writeFileSync(file, 'mine');
  await refused(1, /is there already; it is not written over/, args, given);
  assert.equal(readFileSync(file, 'utf8'), 'mine');
});

test('what an import needs', async (t) => {
  const { dataDir } = await directory(t);
  const file = await exported(t, dataDir);
  const empty = await temporaryFolder(t);
  const given = `${passphrase}\n`;
  const args = (source, more = []) => ['import', source, '--data', empty, '--passphrase-file', '-', ...more];
  await refused(1, /there is no file/, args(`${file}.none`), given);
  await refused(1, /a folder without a creds.json. Expected a file that/, args(empty), given);
  await refused(2, /--jid: only a store of whatsmeow/, args(file, ['--jid', '5511:1@s.whatsapp.net']), given);
  await refused(1, /wrong passphrase, or the file is damaged/, args(file), 'another passphrase\n');
  const damaged = `${file}.damaged`;
  const bytes = readFileSync(file);
  for (const size of [0, 11, 63, 64, 200, bytes.length - 1]) {
    writeFileSync(damaged, bytes.subarray(0, size));
    assert.equal((await ponte(args(damaged), given)).code, 1, `cut to ${size}`);
  }
  assert.deepEqual(readdirSync(empty), [], 'no store was made');

  writeFileSync(path.join(empty, 'creds.json'), '{}');
  await refused(2, /--name: expected the name/, ['import', empty, '--data', `${empty}/data`]);
  await refused(2, /--name: expected 1 to 100 letters/, ['import', empty, '--data', `${empty}/data`, '--name', 'a b']);
  await refused(1, /not linked/, ['import', empty, '--data', `${empty}/data`, '--name', 'moved']);
  assert.equal(existsSync(`${empty}/data`), false);

  // A name that is taken, and the instance itself.
  await refused(1, /an instance named sales is there already/, ['import', file, '--data', dataDir, '--passphrase-file', '-'], given);
  await refused(1, /this instance is there already, under the name sales/,
    ['import', file, '--data', dataDir, '--passphrase-file', '-', '--name', 'other'], given);
});

test('both leave a directory alone that is in use', async (t) => {
  const { dataDir } = await directory(t);
  const file = await exported(t, dataDir);
  const ponted = await startPonted({ dataDir });
  t.after(() => ponted.stop('SIGKILL'));
  const given = ['--data', dataDir, '--passphrase-file', '-'];
  await refused(3, /in use: stop the ponted that runs on it first/, ['import', file, ...given], `${passphrase}\n`);
  await refused(3, /in use: stop the ponted that runs on it first/, ['export', 'sales', ...given, '--out', `${file}.2`], `${passphrase}\n`);
  assert.equal(existsSync(`${file}.2`), false);
});

test('settings, webhooks and secrets move; the token does not', async (t) => {
  const { dataDir, token } = await directory(t);
  const file = await exported(t, dataDir);
  const to = await temporaryFolder(t);
  const { code, out, error } = await ponte(['import', file, '--data', to, '--passphrase-file', '-', '--name', 'moved'], `${passphrase}\n`);
  assert.equal(code, 0, error);
  assert.equal(error, '');
  assert.match(out, /Imported as the instance moved, with a new token/);
  assert.match(out, /A new store was made in .*Keep its master key safe/);
  assert.doesNotMatch(out, /two places/, 'one that was never linked may be anywhere');
  const ponted = await startPonted({ dataDir: to });
  t.after(() => ponted.stop('SIGKILL'));
  const moved = await ponted.instance('moved');
  assert.notEqual(moved.token, token);
  assert.equal((await ponted.request('GET', '/api/events/getWebhook/moved', { token })).status, 401);
  const webhooks = await ponted.request('GET', '/api/events/getWebhook/moved?label=main', { token: moved.token });
  assert.equal(webhooks.status, 200, JSON.stringify(webhooks.body));
  assert.equal(webhooks.body.webhook.url, 'https://example.com/hook');
});

test('a terminal is asked, and shows nothing', async (t) => {
  const { dataDir } = await directory(t);
  const file = path.join(await temporaryFolder(t), 'file');
  const asked = async (answers, [before, after] = ['', '']) => {
    const command = before + [program('ponte'), 'export', 'sales', '--data', dataDir, '--out', file].map((one) => `'${one}'`).join(' ') + after;
    const run = new Program('/usr/bin/script', ['-qefc', command, '/dev/null']);
    let seen = 0;
    const saw = async (question) => {
      while (run.stdout.indexOf(question, seen) < 0 && !run.end) await new Promise((wake) => run.child.stdout.once('data', wake));
      seen = run.stdout.indexOf(question, seen) + question.length;
    };
    for (const [question, answer] of answers) {
      await saw(question);
      run.child.stdin.write(answer === interrupt ? interrupt : `${answer}\n`);
    }
    const { code } = await run.ended(60);
    assert.doesNotMatch(run.output(), /battery/);
    return { code, said: run.stdout };
  };
  // Whoever gives up has a terminal that shows again what is typed.
  const stopped = await asked([['Passphrase: ', interrupt]], ['trap : INT; ', '; echo "it ended with $?"; stty -a']);
  assert.match(stopped.said, /it ended with 130[^]* echo /);
  const differing = await asked([['Passphrase: ', passphrase], ['The same again: ', 'battery staple']]);
  assert.equal(differing.code, 2, differing.said);
  assert.match(differing.said, /the two passphrases differ/);
  assert.equal(existsSync(file), false);
  const same = await asked([['Passphrase: ', passphrase], ['The same again: ', passphrase]]);
  assert.equal(same.code, 0, same.said);
  assert.equal(existsSync(file), true);
});
