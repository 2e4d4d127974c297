"use strict";
/** The Jupyter protocol, over tslab's sockets and message format. */
const fs = require("node:fs");
const path = require("node:path");
const { Worker } = require("node:worker_threads");
const jupyter = require("tslab/dist/jupyter.js");
const zmq = require("zeromq");
const { bundle, completions, hover, toUnits } = require("./format.cjs");
const { describe } = require("./errors.cjs");
const { Output } = require("./output.cjs");
const { ANSWERED, GUARDED, REQUESTED, SENDS_AT_ONCE, SENT_AT } = require("./control.cjs");
const { Interrupted, Run, current, interruptAll, native } = require("./runs.cjs");

const { ZmqMessage } = jupyter;
const turn = () => new Promise((resolve) => native.setImmediate(resolve));

class Server {
  /** @param kernelInfo content of kernel_info_reply */
  constructor(connectionFile, kernelInfo) {
    this.connection = JSON.parse(fs.readFileSync(connectionFile, "utf8"));
    this.kernelInfo = kernelInfo;
    this.state = new Int32Array(new SharedArrayBuffer(24));
    this.guards = 0;
    this.output = new Output((run, name, text) => this.#publish(run.parent, "stream", { name, text }));
    this.queue = [];
    this.working = false;
    this.settling = undefined;
    this.received = 0;
    this.count = 0;
    this.warm = false;
    /** Set by start(). */
    this.runner = undefined;
  }

  /** Guards nest. An interrupt that came under the last one is answered before it is lifted. */
  guard(on) {
    this.guards += on ? 1 : -1;
    if (this.guards === 0) this.#answerInterrupt();
    Atomics.store(this.state, GUARDED, this.guards);
  }

  #answerInterrupt() {
    const requested = Atomics.load(this.state, REQUESTED);
    if (Atomics.exchange(this.state, ANSWERED, requested) === requested || interruptAll()) return;
    // No cell runs, but one may have been sent before the interrupt and still be unread: the kernel was at work.
    this.settling ??= this.#readAll().then(() => {
      this.settling = undefined;
      const [sent] = new Float64Array(this.state.buffer, SENT_AT, 1);
      for (const request of this.queue) request.interrupted = Date.parse(request.header.date) <= sent; // both in whole milliseconds
    });
  }

  /** Opens the sockets and serves. `runner` may be given later: cells wait for it. */
  async open() {
    this.iopub = new zmq.Publisher(SENDS_AT_ONCE);
    this.shell = new zmq.Router(SENDS_AT_ONCE);
    this.stdin = new zmq.Router(SENDS_AT_ONCE);
    const { transport, ip, key, iopub_port, shell_port, stdin_port } = this.connection;
    const address = (port) => `${transport}://${ip}:${port}`;
    await Promise.all([this.iopub.bind(address(iopub_port)), this.shell.bind(address(shell_port)), this.stdin.bind(address(stdin_port)), this.#startWorker()]);
    this.output.install();
    jupyter.lastWriteDisplayData = (content, update) => {
      const run = current() ?? this.output.last;
      if (run) this.#publish(run.parent, update ? "update_display_data" : "display_data", content);
    };
    void (async () => {
      for await (const frames of this.shell) {
        this.received++;
        try {
          this.#onShell(ZmqMessage.fromRaw(key, frames));
        } catch (error) {
          fs.writeSync(2, `kernel: a message was ignored: ${error.stack}\n`);
        }
      }
    })();
  }

  #startWorker() {
    return new Promise((resolve, reject) => {
      const worker = new Worker(path.join(__dirname, "control-worker.cjs"), {
        workerData: { connection: this.connection, shared: this.state.buffer, kernelInfo: this.kernelInfo },
      });
      this.worker = worker;
      worker.unref();
      worker.on("error", reject);
      worker.on("message", (message) => {
        if (message.type === "ready") resolve();
        if (message.type === "failed") reject(Object.assign(new Error(message.message), { code: message.code, address: message.address }));
        if (message.type === "shutdown") this.exit();
        if (message.type === "interrupt") this.#answerInterrupt();
      });
    });
  }

  /** Ends the process. The worker goes first: zeromq aborts when a thread that uses it is cut off. */
  exit() {
    this.output.flush();
    const end = () => {
      for (const socket of [this.iopub, this.shell, this.stdin]) socket.close();
      process.exit(0);
    };
    this.worker.once("exit", end);
    this.worker.postMessage({ type: "close" });
    native.setTimeout(end, 1000);
  }

  #publish(parent, type, content, metadata) {
    if (type !== "stream") this.output.flush();
    this.#send(this.iopub, parent, type, content, metadata);
  }

  #send(socket, parent, type, content, metadata = {}) {
    const message = parent.createReply();
    message.header.msg_type = type;
    message.content = content;
    message.metadata = metadata;
    message.signAndSend(this.connection.key, socket);
  }

  #onShell(request) {
    if (request.header.msg_type === "execute_request") {
      this.queue.push(request);
      void this.#work();
      return;
    }
    this.#publish(request, "status", { execution_state: "busy" });
    try {
      this.#answer(request);
    } finally {
      this.#publish(request, "status", { execution_state: "idle" });
    }
  }

  /** Requests that do not wait for running cells. */
  #answer(request) {
    const { content } = request;
    const reply = (type, answer) => this.#send(this.shell, request, type, answer);
    switch (request.header.msg_type) {
      case "kernel_info_request":
        reply("kernel_info_reply", this.kernelInfo);
        return this.#warmUp();
      case "is_complete_request":
        return reply("is_complete_reply", isComplete(content.code));
      case "complete_request": {
        const found = this.runner.compiler((cells) => cells.complete(content.code, toUnits(content.code, content.cursor_pos)));
        return reply("complete_reply", completions(content.code, found));
      }
      case "inspect_request": {
        const found = this.runner.compiler((cells) => cells.inspect(content.code, toUnits(content.code, content.cursor_pos)));
        return reply("inspect_reply", { status: "ok", found: found !== undefined, data: found ? hover(found) : {}, metadata: {} });
      }
      case "comm_info_request":
        return reply("comm_info_reply", { status: "ok", comms: {} });
      case "history_request":
        return reply("history_reply", { status: "ok", history: [] });
      case "comm_open": // there are no widgets here: say so, or the front end waits for one
        return this.#publish(request, "comm_close", { comm_id: content.comm_id, data: {} });
      case "shutdown_request": // old clients send it here
        reply("shutdown_reply", { status: "ok", restart: content.restart === true });
        return native.setTimeout(() => this.exit(), 50);
      default:
        return undefined;
    }
  }

  /** Every client asks for kernel_info first. Once it is answered, the compiler can read its libraries before the first cell. */
  #warmUp() {
    if (this.warm) return;
    this.warm = true;
    native.setTimeout(() => this.count === 0 && this.runner.compiler((cells) => cells.warm()), 10);
  }

  async #work() {
    if (this.working) return;
    this.working = true;
    while (this.queue.length > 0) {
      await this.settling;
      await this.#execute(this.queue.shift());
    }
    this.working = false;
  }

  async #execute(request) {
    this.#publish(request, "status", { execution_state: "busy" });
    try {
      if (request.aborted) {
        this.#send(this.shell, request, "execute_reply", { status: "aborted", execution_count: this.count, user_expressions: {}, payload: [] });
        return;
      }
      const { code, silent = false, store_history = !silent, stop_on_error = true, user_expressions = {} } = request.content;
      if (store_history && !silent) this.count++;
      const common = { execution_count: this.count, user_expressions: {}, payload: [] };
      if (!silent) this.#publish(request, "execute_input", { code, execution_count: this.count });

      const run = new Run(`cell [${this.count}]`, request);
      this.output.last = run;
      if (request.interrupted) run.interrupt();
      const outcome = await this.#finish(await this.runner.execute(code, run), run);
      if (outcome.error) {
        if (stop_on_error) await this.#abortQueue();
        this.#publish(request, "error", outcome.error);
        this.#send(this.shell, request, "execute_reply", { status: "error", ...common, ...outcome.error });
        return;
      }
      if (outcome.data && !silent) this.#publish(request, "execute_result", { data: outcome.data, metadata: {}, execution_count: this.count });
      for (const name of Object.keys(user_expressions)) common.user_expressions[name] = { status: "error", ename: "NotSupported", evalue: "this kernel does not evaluate user_expressions", traceback: [] };
      this.output.flush();
      this.#send(this.shell, request, "execute_reply", { status: "ok", ...common });
    } finally {
      this.#publish(request, "status", { execution_state: "idle" });
    }
  }

  /** Formats the last value, and lets promises that were rejected and left alone be reported within the cell. */
  async #finish(outcome, run) {
    let result = outcome;
    if (outcome.value !== undefined && outcome.value[0] !== undefined) {
      try {
        result = { data: await run.enter(() => bundle(outcome.value[0])) };
      } catch (thrown) {
        result = { error: describe(thrown) };
      }
    }
    await turn();
    await turn();
    run.end();
    return result;
  }

  /**
   * After an error, every cell that was sent before it is aborted; one that is sent afterwards runs.
   * What was sent while the student's code kept this thread busy is still in the socket: it is read
   * first, so that no clocks have to be compared.
   */
  async #abortQueue() {
    await this.#readAll();
    for (const request of this.queue) request.aborted = true;
  }

  /** Waits until the socket holds no more messages. */
  async #readAll() {
    for (let quiet = 0, seen = this.received; quiet < 3; quiet++) {
      await new Promise((resolve) => native.setTimeout(resolve, 2));
      if (this.received !== seen) {
        seen = this.received;
        quiet = 0;
      }
    }
  }

  /** An error that no cell waits for: shown as standard error of the cell that caused it, or of the last one if that has ended. */
  reportStray(kind, thrown, run = current()) {
    if (run?.interrupted && (thrown instanceof Interrupted || thrown?.name === "AbortError")) return;
    const target = run?.active ? run : this.output.last;
    const text = [`${kind}${run ? ` (${run.label})` : ""}: nothing awaits or catches it`, ...describe(thrown).traceback].join("\n") + "\n";
    if (target) this.output.write(target, "stderr", text);
    else fs.writeSync(2, text);
  }
}

/** Whether Enter in a console should run the code: everything but code that breaks off. */
function isComplete(code) {
  const ts = require("typescript");
  const file = ts.createSourceFile("cell.ts", code, ts.ScriptTarget.Latest);
  // The parser misses something at the very end, or a template or comment has none.
  const open = file.parseDiagnostics.some(({ start, length, messageText }) => start >= code.trimEnd().length || (start + length >= code.trimEnd().length && /Unterminated/.test(`${messageText}`)));
  if (!open || /\n\s*\n\s*$/.test(code)) return { status: "complete" };
  const indent = /^[ \t]*/.exec(code.slice(code.lastIndexOf("\n") + 1))[0];
  return { status: "incomplete", indent: /[{([]\s*$/.test(code) ? `${indent}  ` : indent };
}

module.exports = { Server };
