"use strict";
/**
 * The heartbeat and control channels, on a thread of their own: an interrupt or a shutdown must get
 * through while the student's code keeps the main thread busy.
 *
 * An interrupt goes to the main thread as a message, which stops everything that awaits. When the main
 * thread does not answer and computes, it is in a synchronous loop, and its current call is terminated
 * through the inspector. That is safe inside a promise job, which is where runner.cjs and runs.cjs put the
 * student's code, and not while the kernel itself is at work, which `state` tells.
 */
const { parentPort, workerData } = require("node:worker_threads");
const inspector = require("node:inspector");
const { ZmqMessage } = require("tslab/dist/jupyter.js");
const zmq = require("zeromq");
const { ANSWERED, GUARDED, LOOK_MS, PATIENCE_CPU_MS, REQUESTED, SENDS_AT_ONCE, SENT_AT } = require("./control.cjs");

const { connection, shared } = workerData;
const state = new Int32Array(shared);
const address = (port) => `${connection.transport}://${connection.ip}:${port}`;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const control = new zmq.Router(SENDS_AT_ONCE);
const heartbeat = new zmq.Reply();

let session;
function terminate() {
  if (!session) {
    session = new inspector.Session();
    session.connectToMainThread();
  }
  session.post("Runtime.terminateExecution");
}

let requests = 0;
async function interrupt(sent) {
  const request = ++requests;
  new Float64Array(shared, SENT_AT, 1)[0] = sent;
  Atomics.store(state, REQUESTED, request);
  const ask = () => parentPort.postMessage({ type: "interrupt" });
  const computed = () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  };
  ask();
  let since = computed();
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; ) {
    await pause(LOOK_MS);
    if (Atomics.load(state, ANSWERED) >= request) return;
    // Time on a busy machine says nothing: a main thread that merely waits for its turn uses no processor.
    if (Atomics.load(state, GUARDED) !== 0) since = computed();
    if (computed() - since < PATIENCE_CPU_MS) continue;
    terminate();
    ask(); // should the first question have been cut off with it
    since = computed();
  }
}

let lastResort;
function shutdown() {
  parentPort.postMessage({ type: "shutdown" });
  // The main thread hangs: nothing is left to close politely.
  lastResort = setTimeout(() => process.kill(process.pid, "SIGKILL"), 2000);
}

function close() {
  clearTimeout(lastResort);
  session?.disconnect();
  control.close();
  heartbeat.close();
  parentPort.close();
}

function reply(request, type, content) {
  const message = request.createReply();
  message.header.msg_type = type;
  message.content = content;
  message.signAndSend(connection.key, control);
}

async function serveControl() {
  for await (const frames of control) {
    let request;
    try {
      request = ZmqMessage.fromRaw(connection.key, frames);
    } catch {
      continue; // not signed with our key
    }
    switch (request.header.msg_type) {
      case "interrupt_request":
        void interrupt(Date.parse(request.header.date) || Date.now());
        reply(request, "interrupt_reply", { status: "ok" });
        break;
      case "shutdown_request":
        reply(request, "shutdown_reply", { status: "ok", restart: request.content.restart === true });
        shutdown();
        break;
      case "kernel_info_request":
        reply(request, "kernel_info_reply", workerData.kernelInfo);
        break;
      default: // debug_request and the like: the client learns from kernel_info that there is none
    }
  }
}

/** A kernel whose Jupyter has died would stay for ever, perhaps in an endless loop. */
function watchParent() {
  const parent = process.ppid;
  const isAlive = () => {
    if (process.platform !== "win32") return process.ppid === parent;
    try {
      return process.kill(parent, 0);
    } catch {
      return false;
    }
  };
  setInterval(() => isAlive() || process.kill(process.pid, "SIGKILL"), 1000).unref();
}

async function serveHeartbeat() {
  for await (const frames of heartbeat) await heartbeat.send(frames);
}

async function main() {
  parentPort.on("message", close); // the only message there is
  try {
    await Promise.all([control.bind(address(connection.control_port)), heartbeat.bind(address(connection.hb_port))]);
  } catch (error) {
    // Not thrown: zeromq aborts the process, without a word, when a thread that uses it ends.
    parentPort.postMessage({ type: "failed", code: error.code, address: error.address, message: error.message });
    return;
  }
  parentPort.postMessage({ type: "ready" });
  watchParent();
  await Promise.all([serveControl(), serveHeartbeat()]);
}

void main();
