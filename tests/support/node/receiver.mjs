// A receiver of webhooks: an HTTP server on loopback that keeps what came and answers as told.
import http from 'node:http';
import { until } from './process.mjs';

/** `answer(delivery, response)` answers; without it everything is 200. */
export async function startReceiver(t, answer) {
  const receiver = new Receiver(answer);
  await receiver.listen();
  t.after(() => receiver.close());
  return receiver;
}

export const status = (code, headers = {}) => (_, response) => response.writeHead(code, headers).end();
export const never = () => {};

class Receiver {
  /** Everything that came, in order: `{url, headers, body, json, id, sequence, at}`. */
  deliveries = [];

  constructor(answer = status(200)) {
    this.answer = answer;
    this.server = http.createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (data) => (body += data));
      request.on('end', () => {
        const { headers, url, method } = request;
        const delivery = { method, url, headers, body, id: headers['webhook-id'], at: Date.now() };
        delivery.json = JSON.parse(body);
        delivery.sequence = Number(headers['ponte-sequence'] ?? 0);
        this.deliveries.push(delivery);
        response.on('error', () => {});
        this.answer(delivery, response);
      });
    });
  }

  /** On the port that it had before, where it had one. */
  async listen() {
    await new Promise((resolve, reject) => this.server.once('error', reject).listen(this.port ?? 0, '127.0.0.1', resolve));
    this.port = this.server.address().port;
    this.url = `http://127.0.0.1:${this.port}/hook`;
  }

  close() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }

  /** The numbers of the events that came, each once, in the order in which each came first. */
  sequences() {
    return [...new Set(this.deliveries.map(({ sequence }) => sequence))];
  }

  states() {
    return this.deliveries.map(({ json }) => json.data.state);
  }

  /** Waits until `accept(deliveries)` gives something truthy. */
  until(what, accept, seconds = 30) {
    return until(`receiver: ${what}`, () => accept(this.deliveries), seconds).catch((error) => {
      throw new Error(`${error.message}; came: ${JSON.stringify(this.states())}`);
    });
  }
}
