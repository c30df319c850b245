// nginx and Caddy with the configuration that docs/reverse-proxy.md gives, as processes of the test's own.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import https from 'node:https';
import net from 'node:net';
import path from 'node:path';
import { temporaryFolder } from './ponted.mjs';
import { Program, root, until } from './process.mjs';

/** The first fenced block of that language in the document. */
async function snippet(language) {
  const document = await readFile(path.join(root, 'docs/reverse-proxy.md'), 'utf8');
  const found = document.match(new RegExp('^```' + language + '\\n([^]*?)^```$', 'm'));
  if (!found) throw new Error(`docs/reverse-proxy.md has no \`\`\`${language}`);
  return found[1];
}

/** Replaces each of these texts, which must be there: the document's addresses and files by the test's. */
function withReplaced(text, pairs) {
  for (const [from, to] of pairs) {
    if (!text.includes(from)) throw new Error(`docs/reverse-proxy.md does not say "${from}" any more`);
    text = text.replaceAll(from, to);
  }
  return text;
}

const kinds = {
  nginx: {
    async configure({ folder, port, rest, ws, certificate, key }) {
      const site = withReplaced(await snippet('nginx'), [
        ['listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`],
        ['127.0.0.1:8080', `127.0.0.1:${rest}`],
        ['127.0.0.1:8081', `127.0.0.1:${ws}`],
        ['/etc/ssl/ponte/fullchain.pem', certificate],
        ['/etc/ssl/ponte/privkey.pem', key],
      ]);
      const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`);
      const file = path.join(folder, 'nginx.conf');
      // Its workers become somebody else where it is started by root, who could not write into our folder.
      const user = process.getuid() === 0 ? 'user root;' : '';
      await writeFile(file, `${user} daemon off; pid ${folder}/nginx.pid; error_log stderr; worker_processes 1;
events {}
http { access_log ${folder}/access.log; ${temporary.join(' ')}
${site}
}\n`);
      return ['-p', folder, '-e', 'stderr', '-c', file];
    },
  },
  caddy: {
    async configure({ folder, port, rest, ws, certificate, key }) {
      const site = withReplaced(await snippet('caddyfile'), [
        ['ponte.example.com {', `https://ponte.example.com:${port} {\n\tbind 127.0.0.1\n\ttls ${certificate} ${key}`],
        ['127.0.0.1:8080', `127.0.0.1:${rest}`],
        ['127.0.0.1:8081', `127.0.0.1:${ws}`],
      ]);
      const file = path.join(folder, 'Caddyfile');
      await writeFile(file, `{\n\tadmin off\n\tauto_https disable_redirects\n\tstorage file_system ${folder}/storage\n}\n${site}`);
      return ['run', '--adapter', 'caddyfile', '--config', file];
    },
  },
};

/** Where the program is, or null. */
export function findProgram(name) {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'];
  return folders.map((folder) => path.join(folder, name)).find((file) => existsSync(file)) ?? null;
}

async function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Starts that proxy in front of `rest` and `ws`, ports on loopback; gone when the test is over. */
export async function startReverseProxy(t, kind, { rest, ws }) {
  const folder = await temporaryFolder(t);
  const certificate = path.join(folder, 'certificate.pem');
  const key = path.join(folder, 'key.pem');
  const subject = ['-subj', '/CN=ponte.example.com', '-addext', 'subjectAltName=DNS:ponte.example.com'];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', ...subject, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
  await mkdir(path.join(folder, 'storage'));
  const port = await freePort();
  const args = await kinds[kind].configure({ folder, port, rest, ws, certificate, key });
  const program = new Program(findProgram(kind), args, { env: { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }, cwd: folder });
  t.after(() => program.stop('SIGTERM'));
  const proxy = new ReverseProxy(program, port, await readFile(certificate), folder);
  await until(`${kind} takes connections`, async () => {
    if (program.end) throw new Error(`${kind} ended at start\n${program.output()}`);
    return proxy.request('GET', '/health', { token: null }).then(() => true, () => false);
  });
  return proxy;
}

class ReverseProxy {
  constructor(program, port, ca, folder) {
    Object.assign(this, { program, port, ca, folder });
  }

  /** What it has let out so far: its output, and its log of requests. */
  async said() {
    const log = path.join(this.folder, 'access.log');
    return this.program.output() + (existsSync(log) ? await readFile(log, 'utf8') : '');
  }

  /** How to reach it, from this address on loopback. */
  options(from) {
    return { host: '127.0.0.1', port: this.port, servername: 'ponte.example.com', ca: this.ca, localAddress: from };
  }

  /** Sends a request; `onAnswer(answer)` takes the answer before its body has come. */
  open(method, target, { token, body, headers = {}, from } = {}, onAnswer) {
    const sent = { host: 'ponte.example.com', ...(token ? { token } : {}), ...headers };
    const request = https.request({ ...this.options(from), method, path: target, headers: sent, agent: false }, onAnswer);
    request.end(body === undefined || typeof body === 'string' ? body : JSON.stringify(body));
    return request;
  }

  /** The whole answer: `{status, headers, body}`, JSON parsed. */
  request(method, target, options) {
    return new Promise((resolve, reject) => {
      const request = this.open(method, target, options, async (answer) => {
        const pieces = [];
        try {
          for await (const piece of answer) pieces.push(piece);
        } catch (error) {
          return reject(error);
        }
        const text = Buffer.concat(pieces).toString();
        const json = (answer.headers['content-type'] ?? '').includes('json');
        return resolve({ status: answer.statusCode, headers: answer.headers, body: json ? JSON.parse(text) : text });
      });
      request.on('error', reject);
    });
  }
}
