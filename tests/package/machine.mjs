// A clean Debian 12 in a folder, made by debootstrap out of the mirrors that this machine's apt knows.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Program, root } from '../support/node/process.mjs';

const suite = 'bookworm';
/** Made once; every machine is a copy of it. */
const folder = path.join(root, 'build/package-test');
const base = path.join(folder, suite);

function output(file, ...args) {
  const ran = spawnSync(file, args, { encoding: 'utf8' });
  return ran.status === 0 ? ran.stdout : '';
}

export function has(program) {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

/** What apt of this machine has of Debian 12: lines of a sources.list, the main mirror first. */
function sources() {
  const targets = output('apt-get', 'indextargets', '--format', '$(ORIGIN) $(CODENAME) $(REPO_URI) $(RELEASE) $(COMPONENT)', 'Created-By: Packages');
  const ours = targets.split('\n').map((line) => line.split(' ')).filter(([origin, codename]) => origin === 'Debian' && codename.startsWith(suite));
  ours.sort(([, one], [, other]) => one.length - other.length);
  return ours.map(([, , uri, release, component]) => ({ uri, release, line: `deb ${uri} ${release} ${component}` }));
}

/** Why there can be no machine here, or false. */
export function missing() {
  if (process.getuid() !== 0) return 'not root';
  for (const program of ['debootstrap', 'chroot', 'unshare', 'apt-get']) if (!has(program)) return `no ${program}: tools/setup.sh`;
  if (spawnSync('unshare', ['--mount', 'true']).status !== 0) return 'no mount namespace to be had';
  const [main] = sources();
  if (!main || main.release !== suite) return `apt has no mirror of ${suite}: apt-get update`;
  const release = `${main.uri}dists/${suite}/Release`;
  const probe = path.join(folder, 'Release');
  mkdirSync(folder, { recursive: true });
  if (spawnSync('/usr/lib/apt/apt-helper', ['download-file', release, probe], { timeout: 60_000 }).status !== 0) return 'the mirror of apt does not answer';
  return false;
}

/** How this machine's apt reaches its mirrors, for another apt. */
function transport() {
  return output('apt-config', 'dump').split('\n').filter((line) => /^Acquire::(https?|Check-)/.test(line)).join('\n');
}

/** Mounts end with the process: they are in a namespace of its own. `before`: shell lines for what else is to be mounted. */
function inside(where, command, before = '') {
  const script = `set -e\nroot=$1\nshift\n${before}\nmount -t proc -o subset=pid,hidepid=invisible proc "$root/proc"\numask 077\nexec chroot "$root" "$@"`;
  return ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', where, ...command];
}

function makeBase() {
  if (existsSync(base)) return;
  const making = `${base}.new`;
  rmSync(making, { recursive: true, force: true });
  const [main] = sources();
  execFileSync('debootstrap', ['--variant=minbase', suite, making, main.uri], { stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 26 });
  renameSync(making, base);
}

export class Machine {
  /** Gone when the test is over. */
  static start(t) {
    makeBase();
    const where = mkdtempSync(path.join(folder, 'machine-'));
    const machine = new Machine(where);
    t.after(() => rmSync(where, { recursive: true, force: true }));
    execFileSync('cp', ['--archive', '--reflink=auto', `${base}/.`, where]);
    for (const file of ['/etc/resolv.conf', '/etc/hosts']) if (existsSync(file)) cpSync(file, where + file, { dereference: true });
    machine.write('/etc/apt/sources.list', `${sources().map(({ line }) => line).join('\n')}\n`);
    machine.write('/etc/apt/apt.conf.d/90transport', `${transport()}\n`);
    machine.program('/usr/sbin/policy-rc.d', '#!/bin/sh\nexit 101\n');
    machine.run('apt-get', '-qq', 'update');
    return machine;
  }

  constructor(where) {
    this.where = where;
  }

  write(file, text) {
    writeFileSync(this.where + file, text);
  }

  program(file, text) {
    writeFileSync(this.where + file, text);
    execFileSync('chmod', ['755', this.where + file]);
  }

  read(file) {
    return readFileSync(this.where + file, 'utf8');
  }

  has(file) {
    return existsSync(this.where + file);
  }

  copyIn(file, to) {
    cpSync(file, this.where + to);
  }

  /** `{status, text}` of a command of the machine's, as root. */
  try(...command) {
    const [file, ...args] = inside(this.where, command, 'umask 022');
    const ran = spawnSync(file, args, { encoding: 'utf8', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' } });
    return { status: ran.status, text: ran.stdout + ran.stderr };
  }

  run(...command) {
    const { status, text } = this.try(...command);
    if (status !== 0) throw new Error(`${command.join(' ')}: ${status}\n${text}`);
    return text;
  }

  apt(...args) {
    return this.run('apt-get', '--quiet', '--yes', '--no-install-recommends', ...args);
  }

  /** The next machine does not fetch again what this one has. */
  keepDownloads() {
    const archives = 'var/cache/apt/archives';
    execFileSync('sh', ['-c', 'cp --update "$1"/*.deb "$2"', 'sh', path.join(this.where, archives), path.join(base, archives)]);
  }

  /**
   * A service as its unit has it, as far as that goes without systemd: the user, no capabilities, no new privileges, and
   * everything read-only but `state`.
   */
  serve(user, state, command, env = {}) {
    const before = `mount --bind "$root" "$root"\nmount --bind "$root${state}" "$root${state}"\nmount -o remount,bind,ro "$root"`;
    const drop = ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups', '--no-new-privs', '--bounding-set=-all', '--inh-caps=-all'];
    const [file, ...args] = inside(this.where, [...drop, ...command], before);
    const clean = Object.fromEntries(Object.keys(process.env).filter((name) => name.startsWith('PONTE_')).map((name) => [name, undefined]));
    return new Program(file, args, { env: { ...clean, ...env } });
  }
}
