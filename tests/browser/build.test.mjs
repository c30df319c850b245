// What is committed of the pages (dist/, of which the program is built) is what their sources give.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { root } from '../support/node/process.mjs';

const pages = path.join(root, 'src/api/pages');
const needsVite = { skip: existsSync(path.join(pages, 'node_modules/vite')) ? false : 'no npm packages in src/api/pages (tools/setup.sh)' };

function run(file, ...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(pages, 'node_modules', file), ...args], { cwd: pages, encoding: 'utf8' });
  assert.equal(status, 0, `${stdout}\n${stderr}`);
}

const contents = (folder) => Object.fromEntries(readdirSync(folder).sort().map((name) => [name, readFileSync(path.join(folder, name), 'utf8')]));

test('dist/ is what the sources give, byte for byte', needsVite, () => {
  const made = mkdtempSync(path.join(os.tmpdir(), 'ponte-pages-'));
  try {
    run('vite/bin/vite.js', 'build', '--outDir', made, '--emptyOutDir', '--logLevel', 'error');
    const [committed, built] = [contents(path.join(pages, 'dist')), contents(made)];
    assert.deepEqual(Object.keys(committed), Object.keys(built));
    for (const [name, text] of Object.entries(built)) assert.ok(committed[name] === text, `${name} differs: npm run build in src/api/pages`);
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
});

test('the sources have their types', needsVite, () => run('typescript/bin/tsc', '--noEmit'));

test('both pages with all that they load stay under 150 kB', () => {
  const bytes = Object.values(contents(path.join(pages, 'dist'))).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  assert.ok(bytes > 10_000 && bytes < 150_000, `${bytes} bytes`);
});

test('every text is there in three languages', () => {
  for (const file of ['link/texts.ts', 'dashboard/texts.ts', 'shared/causes.ts']) {
    const source = readFileSync(path.join(pages, 'src', file), 'utf8');
    // The type says three; that none is empty, and what is put in is put in everywhere, is said here.
    const triples = [...source.matchAll(/\[\s*(["'])(.*?)\1,\s*(["'])(.*?)\3,\s*(["'])(.*?)\5,?\s*\]/gs)].map((found) => [found[2], found[4], found[6]]);
    assert.ok(triples.length > 20, `${file}: ${triples.length}`);
    for (const texts of triples) {
      const places = texts.map((text) => [...text.matchAll(/\{\d\}/g)].map(String).sort().join());
      assert.ok(texts.every((text) => text.trim() !== ''), `${texts}`);
      assert.equal(new Set(places).size, 1, `${texts}`);
    }
  }
});
