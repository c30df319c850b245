// Server-Sent Events as a client reads them (HTML Living Standard, 9.2.6).
import { Happenings } from './happenings.mjs';

/** Opens a stream; `next()` gives its events `{id, event, data}` in their order, `data` parsed. */
export async function openEvents(ponted, target, { token, lastEventId, headers = {} } = {}) {
  const controller = new AbortController();
  const answer = await fetch(ponted.url + target, {
    headers: {
      accept: 'text/event-stream',
      ...(token ? { token } : {}),
      ...(lastEventId === undefined ? {} : { 'last-event-id': String(lastEventId) }),
      ...headers,
    },
    signal: controller.signal,
  });
  if (answer.status !== 200) return { status: answer.status, body: await answer.json() };
  return new EventStream(answer, controller);
}

class EventStream {
  #happenings = new Happenings('the event stream');
  #controller;

  constructor(answer, controller) {
    this.status = answer.status;
    this.headers = answer.headers;
    this.#controller = controller;
    this.ended = this.#read(answer.body).catch((error) => this.#happenings.push('broken', error));
  }

  async #read(body) {
    let text = '';
    for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        this.#block(text.slice(0, end));
        text = text.slice(end + 2);
      }
    }
    this.#happenings.push('end');
  }

  #block(block) {
    const fields = {};
    for (const line of block.split('\n')) {
      if (line.startsWith(':')) this.#happenings.push('comment', line);
      const [, name, value] = /^(\w+): ?(.*)$/.exec(line) ?? [];
      if (name) fields[name] = value;
    }
    if (fields.data === undefined) return;
    this.#happenings.push('event', { id: Number(fields.id), event: fields.event, data: JSON.parse(fields.data) });
  }

  /** The next event. */
  next(seconds) {
    return this.#happenings.next('event', seconds);
  }

  /** The next event of that `instance.state`; those before it are passed over. */
  async state(state, seconds) {
    for (;;) {
      const event = await this.next(seconds);
      if (event.data.data.state === state) return event;
    }
  }

  /** The server ends it. */
  end(seconds) {
    return this.#happenings.next('end', seconds);
  }

  close() {
    this.#controller.abort();
    return this.ended;
  }
}
