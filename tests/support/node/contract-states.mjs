// Instances in the states that the rows of tests/contract are about.
import assert from 'node:assert/strict';
import { until } from './process.mjs';
import { never, status } from './receiver.mjs';

const typed = '5511912345678';

const configured = async (world, name, body) => {
  const answer = await world.ponted.request('POST', `/api/events/webhook/${name}`, { body });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
};
const webhookOf = async ({ ponted }, name) => (await ponted.request('GET', `/v1/instances/${name}/webhooks`)).body.webhooks[0];

async function withCode({ ponted }, name) {
  await ponted.create(name);
  assert.equal((await ponted.connect(name, { query: `?number=${typed}` })).body.status, 'pairing_code');
}

async function withWebhook(world, name) {
  const webhookAuthorization = 'Basic x';
  await world.ponted.create(name, { webhookEnabled: true, webhookURL: world.receiver.url, webhookAuthorization });
}

/** Another client has taken its place: it has a session, is offline, and stays so. */
async function linkedElsewhere(world, name) {
  const { number } = await world.link(name);
  await world.sim.admin('stream-error', { conflict: 'replaced', number });
  await world.ponted.reached(name, 'disconnected');
}

/** A code that is shown is an event; its receiver wants no more of them. */
async function withDeadLetter(world, name) {
  await withWebhook(world, name);
  world.receiver.answer = status(410);
  await world.ponted.connect(name);
  await until('a dead letter', async () => (await webhookOf(world, name)).deadLetters === 1);
  world.receiver.answer = status(200);
}

/** Linked, and there is somebody to write to. */
async function messaging(world, name) {
  await world.link(name);
  await world.sim.admin('phone', { number: '5511988888888', pushName: 'Ana' });
}

/** A link of that instance; `world.links` remembers what is needed of it. */
async function withLink(world, name, body = {}) {
  const answer = await world.ponted.request('POST', `/v1/instances/${name}/links`, { body });
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  world.links.set(name, answer.body.link);
  return answer.body.link;
}
const asHolder = ({ ponted, links }, name, method, path, body) => ponted.request(method, path, { token: links.get(name).token, body });

/** What makes an instance of that name be in a state. `world` is a Demanding service with a `receiver`. */
const states = {
  new: ({ ponted }, name) => ponted.create(name),
  async deleted({ ponted }, name) {
    await ponted.create(name);
    await ponted.remove(name);
  },
  async qr({ ponted }, name) {
    await ponted.create(name);
    assert.equal((await ponted.connect(name)).body.status, 'qr');
  },
  code: withCode,
  async link(world, name) {
    await world.ponted.create(name);
    await withLink(world, name);
  },
  async 'link-qr'(world, name) {
    await states.qr(world, name);
    await withLink(world, name);
  },
  async 'link-linked'(world, name) {
    await world.link(name);
    await withLink(world, name);
  },
  async 'link-asked'(world, name) {
    await world.demand(name);
    await withLink(world, name);
    assert.equal((await asHolder(world, name, 'POST', '/v1/link/start', { method: 'qr' })).body.view.state, 'passkey');
  },
  async 'link-confirm'(world, name) {
    await states.confirm(world, name);
    await withLink(world, name);
  },
  async 'link-used'(world, name) {
    await states.link(world, name);
    assert.equal((await asHolder(world, name, 'POST', '/v1/link/start', { method: 'qr' })).status, 200);
    await world.service.pair(name);
  },
  async 'link-expired'(world, name) {
    await world.ponted.create(name);
    await withLink(world, name, { expiresIn: 1 });
    await until('the link is over', async () => (await asHolder(world, name, 'GET', '/v1/link')).status === 410);
  },
  async 'link-deleted'(world, name) {
    await states.link(world, name);
    await world.ponted.remove(name);
  },
  async 'link-revoked'(world, name) {
    await states.link(world, name);
    const answer = await world.ponted.request('DELETE', `/v1/instances/${name}/links/${world.links.get(name).id}`);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
  },
  async 'code-alone'(world, name) {
    await world.sim.fail({ refCount: 1, next: 1 });
    await withCode(world, name);
    await until('the QR has run out', async () => (await world.ponted.connect(name)).body.error?.code === 'QR_EXPIRED');
  },
  linked: (world, name) => world.link(name),
  messaging,
  /** It has sent one. */
  async kept(world, name) {
    await messaging(world, name);
    const body = { number: '5511988888888', message: 'hello', messageId: 'KEPT1' };
    const answer = await world.ponted.request('POST', `/api/message/text/${name}`, { body });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
  },
  replaced: linkedElsewhere,
  async 'replaced-proxied'(world, name) {
    await linkedElsewhere(world, name);
    const body = { enabled: true, protocol: 'http', host: '127.0.0.1', port: '9' };
    assert.equal((await world.ponted.request('POST', `/api/instance/proxy/${name}`, { body })).status, 200);
  },
  async loggedout(world, name) {
    await world.link(name);
    assert.equal((await world.ponted.request('DELETE', `/api/instance/logout/${name}`)).status, 200);
  },
  asked: (world, name) => world.demand(name),
  async confirm(world, name) {
    await world.demand(name);
    assert.equal((await world.submit(name, await world.assertion(name))).status, 200);
    await world.shownCode(name);
  },
  proxied({ ponted }, name) {
    const proxy = { proxyProtocol: 'http', proxyHost: '127.0.0.1', proxyPort: '9', proxyUsername: 'u', proxyPassword: 'p' };
    return ponted.create(name, { proxyEnabled: true, ...proxy });
  },
  websocket: ({ ponted }, name) => ponted.create(name, { websocketEnabled: true, websocketMediaBase64: true }),
  async 'websocket-off'({ ponted }, name) {
    await ponted.create(name, { websocketEnabled: true });
    await ponted.request('POST', `/api/events/websocket/${name}`, { body: { enabled: false } });
  },
  webhook: withWebhook,
  async 'webhook-off'(world, name) {
    await withWebhook(world, name);
    await configured(world, name, { enabled: false });
  },
  'webhook-away': ({ ponted }, name) => ponted.create(name, { webhookEnabled: true, webhookURL: 'http://127.0.0.1:9/' }),
  async 'webhook-testing'(world, name) {
    await withWebhook(world, name);
    world.receiver.answer = never;
    const { length } = world.receiver.deliveries;
    world.waiting = world.ponted.request('POST', `/v1/instances/${name}/webhooks/test`, { body: {} });
    await world.receiver.until('the first test', (all) => all.length > length);
  },
  async 'webhooks-3'(world, name) {
    await world.ponted.create(name);
    for (const label of ['a', 'b', 'c']) await configured(world, name, { label, enabled: true, url: world.receiver.url });
  },
  async 'webhooks-100'(world, name) {
    await world.ponted.create(name);
    await Promise.all(Array.from({ length: 100 }, (_, i) => configured(world, name, { label: `l${i}`, enabled: false })));
  },
  async 'dead-letter'(world, name) {
    await withDeadLetter(world, name);
    await configured(world, name, { enabled: true, url: world.receiver.url });
  },
  'dead-letter-off': withDeadLetter,
};

/** Makes an instance in that state. */
export async function makeInstance(world, state, name) {
  assert.ok(states[state], `no state is called ${state}`);
  await states[state](world, name);
}
