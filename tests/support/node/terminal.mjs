// A terminal: programs run in a pseudo terminal of `script` (util-linux), and what its screen shows of them.
import { spawnSync } from 'node:child_process';
import { Program } from './process.mjs';
import { pgmOfBlocks, readQr } from './qr.mjs';

/** `{ skip }` for node:test. */
export function needsScript() {
  return { skip: spawnSync('script', ['--version']).error ? 'script is not installed (Debian: bsdutils)' : false };
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** Starts a command in a terminal of that size: its Program, and `screen()`, what is shown now. */
export function startInTerminal(t, command, { env = {}, columns = 80, rows = 24 } = {}) {
  const line = `stty cols ${columns} rows ${rows}; exec ${command.map(quoted).join(' ')}`;
  const link = new Program('script', ['--quiet', '--return', '--flush', '--echo', 'never', '--command', line, '/dev/null'], {
    env: { TERM: 'xterm-256color', SHELL: '/bin/sh', ...env },
  });
  link.child.stdout.setEncoding('utf8');
  t.after(() => link.stop('SIGKILL'));
  return { link, screen: () => Terminal.showing(link.stdout, columns, rows) };
}

/** What a terminal makes of the sequences that are used here: letters, line ends, cursor up and down, erasing, colours. */
export class Terminal {
  #cells;
  #at = { row: 0, column: 0 };
  #colours = '0';
  hidden = false;

  constructor(columns, rows) {
    Object.assign(this, { columns, rows });
    this.#cells = Array.from({ length: rows }, () => []);
  }

  static showing(output, columns, rows) {
    const terminal = new Terminal(columns, rows);
    terminal.write(output);
    return terminal;
  }

  write(output) {
    for (const [, sequence, kind, letter] of output.matchAll(/\x1b\[([?\d;]*)([A-Za-z])|([^])/gu)) {
      if (kind) this.#obey(sequence, kind);
      else this.#put(letter);
    }
  }

  #obey(sequence, kind) {
    const count = Number(sequence) || 1;
    const { row, column } = this.#at;
    if (kind === 'A') this.#at.row = Math.max(0, row - count);
    else if (kind === 'B') this.#at.row = Math.min(this.rows - 1, row + count);
    else if (kind === 'm') this.#colours = sequence;
    else if (kind === 'K') this.#cells[row].length = Math.min(this.#cells[row].length, column);
    else if (kind === 'J') {
      this.#cells[row].length = Math.min(this.#cells[row].length, column);
      for (let below = row + 1; below < this.rows; below++) this.#cells[below] = [];
    } else if ((kind === 'l' || kind === 'h') && sequence === '?25') this.hidden = kind === 'l';
    else throw new Error(`a sequence that is not known here: ${sequence}${kind}`);
  }

  #put(letter) {
    if (letter === '\r') return (this.#at.column = 0);
    if (letter === '\n') return this.#down();
    if (this.#at.column >= this.columns) {
      this.#at.column = 0;
      this.#down();
    }
    const row = this.#cells[this.#at.row];
    while (row.length < this.#at.column) row.push({ letter: ' ', colours: '0' });
    row[this.#at.column++] = { letter, colours: this.#colours };
  }

  #down() {
    if (++this.#at.row < this.rows) return;
    this.#at.row = this.rows - 1;
    this.#cells.shift();
    this.#cells.push([]);
  }

  text() {
    return this.#cells.map((row) => row.map(({ letter }) => letter).join('').trimEnd()).join('\n');
  }

  /** The text of the QR code on the screen, null where there is none; it must have colours of its own. */
  qr() {
    const rows = this.#cells.filter((row) => row.length > 0 && row.every(({ letter, colours }) => '\u2580\u2584\u2588 '.includes(letter) && colours.startsWith('38;5;231;4')));
    if (rows.length < 20) return null;
    try {
      return readQr(pgmOfBlocks(rows.map((row) => row.map(({ letter }) => letter).join('')).join('\n')), 'pgm');
    } catch {
      return null;
    }
  }
}
