// What happened, in order, kept until somebody asks for it: nothing is lost between two waits.

export class Happenings {
  #past = [];
  #waiting = [];

  #said = [];

  constructor(who) {
    this.who = who;
  }

  /** A line of its log: the last ones are part of what a failed wait says. */
  said(line) {
    this.#said.push(line);
    if (this.#said.length > 40) this.#said.shift();
  }

  /** `kind` happened. A `failed` ends every wait for something else. */
  push(kind, value = {}) {
    const happening = { kind, value };
    const index = this.#waiting.findIndex((wait) => wait.kind === kind || kind === 'failed');
    if (index < 0) {
      this.#past.push(happening);
      return;
    }
    const [wait] = this.#waiting.splice(index, 1);
    wait.settle(happening);
  }

  /**
   * The next `kind` that nobody has taken yet; what came before it is passed over.
   * Rejects when `failed` comes instead, or after `seconds`.
   */
  async next(kind, seconds = 30) {
    while (this.#past.length > 0) {
      const happening = this.#past.shift();
      if (happening.kind === kind) return happening.value;
      if (happening.kind === 'failed') throw this.#failure(kind, happening.value);
    }
    const happening = await new Promise((resolve, reject) => {
      const wait = { kind, settle: (what) => (clearTimeout(timer), resolve(what)) };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(wait), 1);
        reject(new Error(`${this.who}: no "${kind}" within ${seconds} s${this.#log()}`));
      }, seconds * 1000);
      this.#waiting.push(wait);
    });
    if (happening.kind !== kind) throw this.#failure(kind, happening.value);
    return happening.value;
  }

  #failure(kind, value) {
    const what = value instanceof Error ? value.stack : JSON.stringify(value);
    return new Error(`${this.who}: failed before "${kind}": ${what}${this.#log()}`);
  }

  #log() {
    return ['', ...this.#said].join('\n  ');
  }
}
