"use strict";
/**
 * Standard output and standard error of the process, as Jupyter `stream` messages of the cell that wrote.
 *
 * A message goes out at once as long as there are few. A cell that floods would overrun the limit of
 * Jupyter's server (1,000 messages a second, the rest is dropped), so then text is collected for a while.
 */
const { StringDecoder } = require("node:string_decoder");
const { native, current } = require("./runs.cjs");

const FREE_PER_SECOND = 100;
const COLLECT_MS = 50;
const COLLECT_CHARACTERS = 1 << 16;

class Output {
  /** @param send publishes `(run, name, text)` */
  constructor(send) {
    this.send = send;
    /** The cell started last: it gets what belongs to none. */
    this.last = undefined;
    this.pending = undefined;
    this.timer = undefined;
    this.sent = 0;
    this.second = 0;
    this.lastSent = 0;
    this.decoders = new WeakMap();
  }

  /** Takes over `process.stdout` and `process.stderr`. */
  install() {
    for (const name of ["stdout", "stderr"]) {
      const stream = process[name];
      const original = stream.write.bind(stream);
      stream.write = (chunk, encoding, callback) => {
        const done = typeof encoding === "function" ? encoding : callback;
        const run = current() ?? this.last;
        if (!run) return original(chunk, encoding, callback);
        this.write(run, name, typeof chunk === "string" ? chunk : this.#decode(run, name, chunk));
        if (done) process.nextTick(done);
        return true;
      };
    }
  }

  write(run, name, text) {
    if (text === "") return;
    if (this.pending && (this.pending.run !== run || this.pending.name !== name)) this.flush();
    this.pending ??= { run, name, text: "" };
    this.pending.text += text;
    const now = performance.now();
    if (now - this.second >= 1000) {
      this.second = now;
      this.sent = 0;
    }
    if (this.sent < FREE_PER_SECOND || now - this.lastSent >= COLLECT_MS || this.pending.text.length >= COLLECT_CHARACTERS) this.flush();
    else this.timer ??= native.setTimeout(() => this.flush(), COLLECT_MS);
  }

  /** Sends what is collected. Every other message calls this first, so that the order is kept. */
  flush() {
    if (this.timer !== undefined) native.clearTimeout(this.timer);
    this.timer = undefined;
    const { pending } = this;
    if (!pending) return;
    this.pending = undefined;
    this.sent++;
    this.lastSent = performance.now();
    this.send(pending.run, pending.name, pending.text);
  }

  /** A pipe may cut a character in two; each stream of each cell joins its own halves. */
  #decode(run, name, chunk) {
    if (!this.decoders.has(run)) this.decoders.set(run, {});
    const decoder = (this.decoders.get(run)[name] ??= new StringDecoder("utf8"));
    return decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
  }
}

module.exports = { Output };
