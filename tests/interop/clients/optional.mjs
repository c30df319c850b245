// A client whose package could not be had is skipped by name; one that is there and breaks fails.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));

/** `{ skip }` for node:test: false where npm's `name` is installed, else the reason. */
export function needs(name) {
  const there = existsSync(path.join(here, '../node_modules', name, 'package.json'));
  return { skip: there ? false : `${name} is not installed (tools/setup.sh)` };
}
