// The documents keep to what is there: links, what the threat model cites, and pictures that are drawn.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { temporaryFolder } from '../support/node/ponted.mjs';
import { root } from '../support/node/process.mjs';

const read = (file) => readFileSync(path.join(root, file), 'utf8');

function documents() {
  const below = readdirSync(path.join(root, 'docs'), { recursive: true }).map((name) => `docs/${name}`);
  return [...readdirSync(root), ...below].filter((name) => name.endsWith('.md'));
}

/** What GitHub calls a heading in the URL. */
const anchorOf = (heading) => heading.trim().toLowerCase().replace(/[^\w\- ]/g, '').replaceAll(' ', '-');

function brokenLinks(file, text) {
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target).filter((target) => !/^[a-z]+:/.test(target));
  return links.filter((target) => {
    const [where, anchor] = target.split('#');
    const found = where ? path.join(path.dirname(file), where) : file;
    if (!existsSync(path.join(root, found))) return true;
    if (!anchor) return false;
    const headings = [...read(found).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading));
    return !headings.includes(anchor);
  });
}

test('every link between documents leads somewhere', () => {
  assert.ok(documents().length > 15);
  for (const file of documents()) assert.deepEqual(brokenLinks(file, read(file)), [], file);
  assert.deepEqual(brokenLinks('README.md', '[a](docs/none.md) [b](#no-such-heading) [c](docs/runbook.md#backup)'), ['docs/none.md', '#no-such-heading']);
});

/** What a text cites that is not there: `path`, and `Suite.Test` behind it. */
function unheld(text) {
  const missing = [];
  let files = '';
  for (const [, quoted, suite, name] of text.replace(/\s+/g, ' ').matchAll(/`((?:tests|src|packaging)\/[^`]*)`|\b([A-Z]\w+)\.([A-Z]\w+)\b/g)) {
    if (quoted) {
      files = existsSync(path.join(root, quoted)) && !quoted.endsWith('/') ? read(quoted) : '';
      if (!existsSync(path.join(root, quoted))) missing.push(quoted);
    } else if (!new RegExp(`TEST(_F|_P)?\\(${suite}, ${name}\\)`).test(files)) {
      missing.push(`${suite}.${name}`);
    }
  }
  return missing;
}

test('what the threat model cites is there', () => {
  const text = read('docs/threat-model.md');
  assert.ok([...text.matchAll(/`tests\//g)].length > 20);
  assert.deepEqual(unheld(text), []);
  assert.deepEqual(unheld('held by `tests/e2e/none.test.mjs`; `tests/unit/crypto/sealing_test.cpp` Sealing.NoSuchTest'), ['tests/e2e/none.test.mjs', 'Sealing.NoSuchTest']);
});

const pictures = readdirSync(path.join(root, 'docs/pictures')).filter((name) => name.endsWith('.svg'));

test('the pictures are those that draw.py draws', { skip: spawnSync('python3', ['--version']).error ? 'no python3' : false }, async (t) => {
  const folder = await temporaryFolder(t);
  execFileSync('python3', [path.join(root, 'docs/pictures/draw.py'), folder]);
  assert.deepEqual(readdirSync(folder).sort(), [...pictures].sort());
  for (const name of pictures) assert.equal(readFileSync(path.join(folder, name), 'utf8'), read(`docs/pictures/${name}`), name);
});

test('every picture can be shown, and a document shows it', { skip: spawnSync('rsvg-convert', ['--version']).error ? 'no rsvg-convert: tools/setup.sh' : false }, () => {
  const all = documents().map(read).join('\n');
  for (const name of pictures) {
    const png = execFileSync('rsvg-convert', [path.join(root, 'docs/pictures', name)], { maxBuffer: 1 << 24 });
    assert.equal(png.toString('latin1', 1, 4), 'PNG', name);
    assert.ok(all.includes(`pictures/${name})`), name);
  }
});
