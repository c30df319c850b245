// Nothing secret comes into a log, at any level, in any format, on any way to link an account.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import test from 'node:test';
import { accountToken } from '../support/node/ponted.mjs';
import { until } from '../support/node/process.mjs';
import { startWatched } from '../support/node/watched.mjs';

const number = '5511912345678';

/** A secret in every form in which it could slip out; short pieces would be found by chance. */
function forms(secret) {
  const bytes = Buffer.from(secret);
  const all = [secret, encodeURIComponent(secret), bytes.toString('base64'), bytes.toString('base64url'), bytes.toString('hex')];
  return all.map((text) => text.replace(/=+$/, '')).filter((text) => text.length >= 8);
}

/** Everything a ponted writes, from its start to now, and its audit log. */
class Output {
  #text = '';

  constructor(ponted, dataDir) {
    this.dataDir = dataDir;
    this.#text = ponted.process.stdout + ponted.process.stderr;
    for (const stream of ['stdout', 'stderr']) ponted.process.child[stream].on('data', (data) => (this.#text += data));
  }

  lines() {
    return this.#text.split('\n').filter((line) => line !== '');
  }

  async everything() {
    return this.#text + (await readFile(path.join(this.dataDir, 'audit.log'), 'utf8'));
  }
}

for (const format of ['text', 'json']) {
  test(`${format} at trace has no token, code, QR, password or assertion`, async (t) => {
    const watched = await startWatched(t, { PONTE_LOG_FORMAT: format });
    const { ponted, sim } = watched;
    const output = new Output(ponted, watched.dataDir);
    const secrets = new Map();
    const keep = (what, ...values) => values.forEach((value) => secrets.set(value, what));
    keep('account token', accountToken);
    keep('master key', (await readFile(path.join(watched.dataDir, 'master.key'))).toString('hex'));

    // Tokens: made, given, wrong, and in the wrong places.
    keep('made token', (await ponted.create('qr')).body.instance.token);
    const own = 'given-token-abcdefgh';
    keep('given token', own);
    await ponted.create('code', { token: own });
    keep('wrong token', 'wrong-token-12345678');
    assert.equal((await ponted.request('DELETE', '/api/instance/delete/qr', { token: 'wrong-token-12345678' })).status, 401);
    await ponted.request('POST', `/api/instance/settings/qr?token=${accountToken}`, { body: { ignoreStatus: true } });
    await ponted.request('POST', '/api/instance/new', { body: `{"token":"${own}", broken` });
    assert.equal((await ponted.create('twice', { token: own })).status, 409);

    // The one place where a token may stand in a URL, and where one may not.
    const socket = new URL(`/ws/code?token=${own}`, ponted.url);
    socket.port = String(Number(socket.port) + 1);
    const headers = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' };
    for (const target of [socket.href, socket.href.replace(own, 'wrong-token-12345678'), socket.href.replace('/ws/', '/elsewhere/')]) {
      const request = http.get(target, { headers }).on('error', () => {});
      await Promise.race([once(request, 'upgrade'), once(request, 'response')]);
      request.destroy();
    }
    const ticket = (await ponted.request('POST', '/v1/tickets', { token: own })).body.ticket;
    keep('ticket', ticket);
    for (let i = 0; i < 2; i++) {
      const stream = await fetch(`${ponted.url}/v1/instances/code/events?ticket=${ticket}`);
      await stream.body.cancel();
    }

    // A QR, behind a proxy with a password; then the wrong password, and a proxy that is gone.
    const credentials = { username: 'branch-7', password: 'Sesame: open, wide 9!' };
    keep('proxy password', credentials.password, `${credentials.username}:${credentials.password}`);
    for (const protocol of ['http', 'socks5']) {
      const proxy = await watched.proxy({ protocol, ...credentials });
      const name = `behind-${protocol}`;
      await ponted.create(name);
      assert.equal((await watched.setProxy(name, proxy.fields)).status, 200);
      const { body } = await ponted.connect(name);
      keep('QR', body.qrCode, ...body.qrCode.split(/[,#]/).filter((part) => part.length >= 20 && !part.startsWith('http')));
      await sim.scan(body.qrCode);
      await ponted.reached(name, 'connected');
      keep('wrong proxy password', 'not-the-password');
      await watched.setProxy(name, { ...proxy.fields, password: 'not-the-password' });
      const refused = await ponted.request('POST', `/api/instance/reconnect/${name}`);
      assert.equal(refused.body.error.code, 'PROXY_AUTH_FAILED');
      await proxy.close();
      await ponted.request('POST', `/api/instance/reconnect/${name}`);
    }
    keep('proxy password', 'in-the-wrong-field');
    await watched.setProxy('qr', { enabled: true, protocol: 'http', host: 'user:in-the-wrong-field@example.com', port: '1' });

    // A pairing code of the server's choice, and one of the user's.
    for (const query of [`?number=${number}`, `?number=${number}&code=HK7Z-9QWX`]) {
      const { status, body } = await ponted.connect('code', { query });
      assert.equal(status, 200, JSON.stringify(body));
      keep('pairing code', body.pairingCode, body.pairingCode.replace('-', ''));
      if (query.includes('code=')) {
        await sim.enterCode(number, body.pairingCode);
        await ponted.reached('code', 'connected');
      } else {
        await ponted.request('DELETE', '/api/instance/logout/code');
      }
    }
    await ponted.connect('qr', { query: `?number=${number}&code=bad-code` });

    // A passkey: its demand, a wrong assertion, the right one, the code to compare.
    await sim.fail({ passkey: true, next: 1 });
    const { body } = await ponted.connect('qr');
    keep('QR', body.qrCode);
    const outcome = sim.scan(body.qrCode).catch((error) => error);
    await ponted.reached('qr', 'passkey_required');
    const passkey = '/v1/instances/qr/passkey';
    const { publicKey } = (await ponted.request('GET', passkey)).body.passkey;
    keep('challenge', publicKey.challenge);
    const { assertion } = await sim.passkeyAssertion(publicKey);
    keep('assertion', assertion.id, assertion.response.signature, assertion.response.clientDataJSON, assertion.response.authenticatorData);
    const wrong = { ...assertion, response: { ...assertion.response, signature: 'AAAA-not-a-signature' } };
    keep('wrong assertion', 'AAAA-not-a-signature');
    await ponted.request('POST', passkey, { body: wrong });
    await until('an assertion is taken', async () => (await ponted.request('POST', passkey, { body: assertion })).status === 200);
    const shown = await sim.passkeyCode();
    keep('code to compare', shown, shown.replace('-', ''));
    await until('the code is shown', async () => (await ponted.request('GET', passkey)).body.passkey?.stage === 'confirm');
    await ponted.request('POST', `${passkey}/confirm`);
    await outcome;
    await ponted.reached('qr', 'connected');

    await ponted.stop();
    const everything = await output.everything();
    assert.match(everything, /qr_ready/, 'what is searched is the log');
    assert.match(everything, /instance\.proxy/);
    assert.match(everything, /passkey\.submit/);
    assert.ok(secrets.size > 20);
    for (const [secret, what] of secrets) {
      for (const form of forms(secret)) assert.ok(!everything.includes(form), `${what} "${form}" was written`);
    }
    if (format === 'json') {
      for (const line of output.lines()) {
        const { time, level, component, message } = JSON.parse(line);
        for (const field of [time, level, component, message]) assert.equal(typeof field, 'string', line);
      }
    }
  });
}
