// A program of tests/interop/driver: a request and its answer are lines of JSON, bytes in them hex.
import { Program, program } from '../../support/node/process.mjs';

export class Driver {
  #program;
  #answers = [];

  constructor(name, options) {
    this.name = name;
    this.#program = new Program(program(name), options);
    this.#program.onLine = (line) => this.#answers.shift()(JSON.parse(line));
    this.#program.exited.then(() => this.#answers.forEach((answer) => answer({ error: 'ENDED', message: this.#program.output() })));
  }

  /** Buffers among the fields go as hex. Rejects with an Error whose `code` is the cause where it is refused. */
  async ask(op, fields = {}) {
    const request = Object.fromEntries(
      Object.entries(fields).map(([key, value]) => [key, Buffer.isBuffer(value) ? value.toString('hex') : value]),
    );
    const answer = await new Promise((resolve) => {
      this.#answers.push(resolve);
      this.#program.child.stdin.write(`${JSON.stringify({ op, ...request })}\n`);
    });
    if (answer.error) throw Object.assign(new Error(`${answer.error}: ${answer.message}`), { code: answer.error });
    return answer;
  }

  async end() {
    this.#program.child.stdin.end();
    const { code } = await this.#program.ended();
    if (code !== 0) throw new Error(`${this.name} ended with ${code}\n${this.#program.output()}`);
  }
}
