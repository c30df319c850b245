// What a ponted lets out, to be searched for what it must keep.
import assert from 'node:assert/strict';
import { Service } from './service.mjs';

/** The output and the answers of every ponted that it hears, from each one's start on. */
export class Said {
  #text = '';

  hear(ponted) {
    this.#text += ponted.process.output();
    for (const stream of ['stdout', 'stderr']) ponted.process.child[stream].on('data', (data) => (this.#text += data));
    const request = ponted.request.bind(ponted);
    ponted.request = async (...asked) => {
      const answer = await request(...asked);
      this.#text += `${JSON.stringify([...answer.headers])} ${JSON.stringify(answer.body)}\n`;
      return answer;
    };
    return ponted;
  }

  assertHas(text) {
    assert.ok(this.#text.includes(text), `"${text}" was not said`);
  }

  /** That none of these texts was said. */
  assertNone(secrets) {
    for (const secret of secrets) {
      assert.ok(secret.length >= 8, 'shorter ones are found by chance');
      assert.ok(!this.#text.includes(secret), `"${secret}" was said`);
    }
  }
}

/** A service of which all is heard. */
export class HeardService extends Service {
  said = new Said();

  async start(env) {
    return this.said.hear(await super.start(env));
  }
}
