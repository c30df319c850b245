// A QR picture as a phone sees it: read by zbarimg.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** `{ skip }` for node:test. */
export function needsZbar() {
  return { skip: spawnSync('zbarimg', ['--version']).error ? 'zbarimg is not installed (tools/setup.sh)' : false };
}

/** The PNG bytes of a `data:image/png;base64,` URI. */
export function pngOf(dataUri) {
  const base64 = /^data:image\/png;base64,([A-Za-z0-9+/]+={0,2})$/.exec(dataUri)?.[1];
  if (!base64) throw new Error(`no PNG data URI: ${dataUri.slice(0, 60)}`);
  return Buffer.from(base64, 'base64');
}

/** The text of the QR code in a PNG. */
export function readQr(png) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'ponte-qr-'));
  try {
    const file = path.join(folder, 'code.png');
    writeFileSync(file, png);
    const run = spawnSync('zbarimg', ['--quiet', '--raw', '-Sdisable', '-Sqrcode.enable', file], { encoding: 'utf8' });
    if (run.status !== 0) throw new Error(`zbarimg: ${run.status} ${run.stderr}`);
    return run.stdout.replace(/\n$/, '');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
