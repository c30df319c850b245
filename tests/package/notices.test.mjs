// THIRD_PARTY_NOTICES names all that the programs link and the pages bring.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { program, root } from '../support/node/process.mjs';

const text = readFileSync(path.join(root, 'THIRD_PARTY_NOTICES'), 'utf8');
const [list, texts] = text.split(/^The texts\n=+$/m);

/** What stands in the list: `{Name, Version, Package, Target, Licence, Copyright}` each. */
const entries = list.split(/\n\n+/).filter((block) => /^ {2}Licence: /m.test(block)).map((block) => {
  const [name, ...lines] = block.trim().split('\n');
  const fields = lines.map((line) => /^ {2}(\w+): +(\S.*)$/.exec(line)?.slice(1)).filter(Boolean);
  return { Name: name, ...Object.fromEntries(fields) };
});
const words = (value) => (value ?? '').split(', ').filter(Boolean);

test('every entry says what, which version, under which terms and whose', () => {
  assert.ok(entries.length > 20);
  for (const entry of entries) for (const field of ['Version', 'Package', 'Licence', 'Copyright']) assert.ok(entry[field], `${entry.Name}: ${field}`);
});

test('every licence that is named has its text, or says where it stands', () => {
  const known = [...texts.matchAll(/^(\S+)\n-+$/gm)].map(([, name]) => name);
  for (const { Name, Licence } of entries) {
    const named = known.filter((name) => new RegExp(`(^|[ ,;'])${name.replaceAll('.', '\\.')}`).test(Licence));
    assert.notDeepEqual(named, [], `${Name}: ${Licence}`);
  }
});

test('every target of third_party/CMakeLists.txt is there', () => {
  const cmake = readFileSync(path.join(root, 'third_party/CMakeLists.txt'), 'utf8');
  const targets = [...cmake.matchAll(/^(?:third_party_(?:pkg|link)\(|add_library\(third_party_)(\w+)/gm)].map(([, name]) => name);
  assert.ok(targets.length > 15);
  const ours = new Set(entries.flatMap(({ Target }) => words(Target)));
  assert.deepEqual(targets.filter((name) => name !== 'name' && !ours.has(name)), []);
  assert.deepEqual([...ours].filter((name) => !targets.includes(name)), []);
});

const noDpkg = spawnSync('dpkg-query', ['--version']).error ? 'no dpkg' : false;

test('the versions are those of the packages', { skip: noDpkg }, () => {
  for (const { Name, Package, Version, Target } of entries.filter(({ Target }) => Target)) {
    const shown = execFileSync('dpkg-query', ['-W', '-f', '${Version}', Package], { encoding: 'utf8' });
    assert.ok(shown.replace(/^\d+:/, '').startsWith(Version), `${Name} ${Target}: ${Version}, the package has ${shown}`);
  }
});

test('every library that the programs link is there', { skip: noDpkg }, () => {
  const named = new Set(entries.flatMap(({ Package }) => words(Package)));
  for (const name of ['ponted', 'ponte']) {
    const needed = [...execFileSync('readelf', ['-dW', program(name)], { encoding: 'utf8' }).matchAll(/\(NEEDED\).*\[(.*)\]/g)].map(([, file]) => file);
    const resolved = execFileSync('ldd', [program(name)], { encoding: 'utf8' });
    assert.ok(needed.length > 5);
    const files = needed.map((library) => {
      const found = resolved.split('\n').find((line) => line.includes(library))?.match(/(\/\S+)/)?.[1];
      assert.ok(found, `${name}: ${library} is nowhere`);
      return [...new Set([found, found.replace(/^\/lib/, '/usr/lib'), realpathSync(found)])];
    });
    // Of a file it knows under another path dpkg says nothing.
    const owners = spawnSync('dpkg', ['--search', ...files.flat()], { encoding: 'utf8' }).stdout.trim().split('\n').map((line) => line.split(/:\S* /));
    for (const paths of files) {
      const owner = owners.find(([, file]) => paths.includes(file))?.[0];
      assert.ok(named.has(owner), `${name} links ${paths[0]}, of ${owner}`);
    }
  }
});

test('what comes from npm into the program is there, in its version', () => {
  const manifests = ['third_party/swagger_ui/package.json', 'src/api/pages/package.json'].filter((file) => existsSync(path.join(root, file)));
  for (const file of manifests) {
    const { dependencies } = JSON.parse(readFileSync(path.join(root, file), 'utf8'));
    const lock = JSON.parse(readFileSync(path.join(root, path.dirname(file), 'package-lock.json'), 'utf8'));
    for (const name of Object.keys(dependencies)) {
      const entry = entries.find(({ Package }) => Package === name);
      assert.ok(entry, `${file}: ${name}`);
      assert.equal(entry.Version, lock.packages[`node_modules/${name}`].version, name);
    }
  }
});
