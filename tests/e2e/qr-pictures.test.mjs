// The QR endpoints: what a phone reads from each picture is what connect says.
import assert from 'node:assert/strict';
import test from 'node:test';
import { until } from '../support/node/process.mjs';
import { needsRsvg, needsZbar, pgmOfBlocks, pngOfSvg, readQr } from '../support/node/qr.mjs';
import { pointedAt } from '../support/node/ponted.mjs';
import { HeardService } from '../support/node/said.mjs';
import { prepareService } from '../support/node/service.mjs';

/** The bytes of a picture. */
async function picture({ ponted }, name, form, token) {
  const answer = await fetch(`${ponted.url}/v1/instances/${name}/qr.${form}`, { headers: { token } });
  assert.equal(answer.status, 200, form);
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  return Buffer.from(await answer.arrayBuffer());
}

async function assertNone({ ponted }, name) {
  for (const form of ['svg', 'png', 'txt']) {
    const { status, body } = await ponted.request('GET', `/v1/instances/${name}/qr.${form}`);
    assert.equal(status, 404);
    assert.equal(body.error.code, 'QR_NOT_AVAILABLE');
  }
}

async function startShown(t, { simArgs, env = {} } = {}) {
  const service = await prepareService(t, HeardService, simArgs);
  await service.start({ ...pointedAt(service.sim), ...env });
  const { token } = (await service.ponted.create('shown')).body.instance;
  return { service, token };
}

const readers = {
  png: { needs: needsZbar(), read: (bytes) => readQr(bytes) },
  svg: { needs: needsRsvg(), read: (bytes) => readQr(pngOfSvg(bytes)) },
  txt: { needs: needsZbar(), read: (bytes) => readQr(pgmOfBlocks(bytes.toString()), 'pgm') },
};

for (const [form, { needs, read }] of Object.entries(readers)) {
  test(`qr.${form} is the code that connect says`, needs, async (t) => {
    const { service, token } = await startShown(t);
    const { qrCode } = (await service.ponted.connect('shown')).body;
    assert.equal(read(await picture(service, 'shown', form, token)), qrCode);
  });
}

test('another picture when the code rotates, and none once it is scanned', needsZbar(), async (t) => {
  const { service, token } = await startShown(t, {
    simArgs: ['--first-ref-ms', '2000', '--ref-ms', '2000'],
    env: { PONTE_QR_FIRST_TTL: '2', PONTE_QR_TTL: '2' },
  });
  const { ponted, sim } = service;
  await assertNone(service, 'shown');
  assert.equal((await service.counts()).connections, 0, 'asking for a picture begins no attempt');
  const first = (await ponted.connect('shown')).body.qrCode;
  const second = await until('another code', async () => {
    const text = readQr(await picture(service, 'shown', 'png', token));
    return text !== first && text;
  });
  assert.equal((await service.counts()).connections, 1, 'on the same socket');
  await sim.scan(second);
  await ponted.reached('shown', 'connected');
  await assertNone(service, 'shown');
});

test('neither list nor the log shows a code', async (t) => {
  const { service, token } = await startShown(t, { env: { PONTE_LOG: 'trace' } });
  const { ponted } = service;
  const { status, body } = await fetch(`${ponted.url}/api/instance/connect/shown`, { headers: { token } }).then(
    async (answer) => ({ status: answer.status, body: await answer.json() }),
  );
  assert.equal(status, 200);
  await picture(service, 'shown', 'svg', token);
  await ponted.request('GET', '/api/instance/list');
  service.said.assertHas('shown');
  service.said.assertNone([body.qrCode.split('#')[1]]);
});

test('a picture for a ticket, once', async (t) => {
  const { service, token } = await startShown(t);
  const { ponted } = service;
  await ponted.connect('shown');
  const { ticket } = (await ponted.request('POST', '/v1/tickets', { token })).body;
  const target = `/v1/instances/shown/qr.svg?ticket=${ticket}`;
  assert.equal((await ponted.request('GET', target, { token: null })).status, 200);
  assert.equal((await ponted.request('GET', target, { token: null })).status, 401);
});
