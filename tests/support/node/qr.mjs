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

/** `{ skip }` for node:test. */
export function needsRsvg() {
  const missing = needsZbar().skip || spawnSync('rsvg-convert', ['--version']).error;
  return { skip: missing ? 'rsvg-convert or zbarimg is not installed (tools/setup.sh)' : false };
}

/** The PNG that an SVG picture shows. */
export function pngOfSvg(svg) {
  const run = spawnSync('rsvg-convert', ['--width', '600'], { input: svg });
  if (run.status !== 0) throw new Error(`rsvg-convert: ${run.status} ${run.stderr}`);
  return run.stdout;
}

/** What a terminal with light letters on dark shows of half blocks, as a picture (PGM). */
export function pgmOfBlocks(text) {
  const rows = text.trimEnd().split('\n').flatMap((line) => [
    [...line].map((letter) => '\u2580\u2588'.includes(letter)),
    [...line].map((letter) => '\u2584\u2588'.includes(letter)),
  ]);
  const scale = 4;
  const enlarge = (list) => list.flatMap((each) => Array(scale).fill(each));
  const pixels = enlarge(rows.map((row) => enlarge(row.map((light) => (light ? 255 : 0))))).flat();
  return Buffer.concat([Buffer.from(`P5 ${rows[0].length * scale} ${rows.length * scale} 255\n`), Buffer.from(pixels)]);
}

/** The text of the QR code in a PNG, or a picture of another kind. */
export function readQr(png, kind = 'png') {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'ponte-qr-'));
  try {
    const file = path.join(folder, `code.${kind}`);
    writeFileSync(file, png);
    const run = spawnSync('zbarimg', ['--quiet', '--raw', '-Sdisable', '-Sqrcode.enable', file], { encoding: 'utf8' });
    if (run.status !== 0) throw new Error(`zbarimg: ${run.status} ${run.stderr}`);
    return run.stdout.replace(/\n$/, '');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
