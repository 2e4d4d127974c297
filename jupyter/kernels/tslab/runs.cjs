"use strict";
/**
 * A run is one execution of one cell. Whatever the cell starts (timers, promises, callbacks) belongs to
 * its run for as long as it lives: its output goes to that cell, and an interrupt stops it.
 */
const { AsyncLocalStorage } = require("node:async_hooks");
const { setMaxListeners } = require("node:events");
const Module = require("node:module");
const timers = require("node:timers");
const promises = require("node:timers/promises");
const util = require("node:util");

const storage = new AsyncLocalStorage();
/** The real ones, for the kernel's own use. */
const native = { setTimeout, setInterval, setImmediate, clearTimeout, fetch };
/** Runs that an interrupt can still stop something of. */
const live = new Set();

/** What an interrupted cell ends with. */
class Interrupted extends Error {
  name = "Interrupted";
  constructor(message = "the cell was stopped") {
    super(message);
  }
}

class Run {
  constructor(label, parent) {
    this.label = label;
    /** The Jupyter request that asked for it. */
    this.parent = parent;
    this.active = true;
    this.timers = new Set();
    this.controller = new AbortController();
    setMaxListeners(0, this.controller.signal);
    /** Settles with the Interrupted error once the run is interrupted. */
    this.interruption = new Promise((resolve) => (this.settle = resolve));
    live.add(this);
  }

  get interrupted() {
    return this.controller.signal.aborted;
  }

  /** Calls `fn` as a part of this run. */
  enter(fn) {
    return storage.run(this, fn);
  }

  interrupt() {
    if (this.interrupted) return;
    const error = new Interrupted();
    this.enter(() => this.controller.abort(error)); // listeners belong to the run
    for (const timer of this.timers) {
      timer.cancel();
      // `new Promise((resolve) => setTimeout(resolve, 1000))`: the callback is the promise's own and runs none
      // of the student's code, so it may end early. The await behind it then throws, and `finally` gets its turn.
      if (isNativeCallback(timer.callback)) timer.callback();
    }
    this.timers.clear();
    this.settle(error);
    live.delete(this);
  }

  /** Called when the cell has ended. What it left behind goes on in the background. */
  end() {
    this.active = false;
    if (live.size > 100) for (const run of live) if (!run.active && run.timers.size === 0) live.delete(run);
  }
}

const isNativeCallback = (callback) => /^function \(\) \{ \[native code\] \}$/.test(Function.prototype.toString.call(callback));

const current = () => storage.getStore();

/** A promise that stays pending: what an interrupted cell gets for whatever it still starts. */
const never = () => new Promise(() => {});

/** `await x` in a cell is compiled to `afterAwait(await beforeAwait(x))`, with no extra turn of the queue. */
const beforeAwait = (value) => (current()?.interrupted ? never() : value);
const afterAwait = (value) => {
  const run = current();
  if (run?.interrupted) throw new Interrupted();
  return value;
};

/** Stops the running cell; when none is running, everything that earlier cells left in the background. */
function interruptAll() {
  const active = [...live].filter((run) => run.active);
  for (const run of active.length > 0 ? active : [...live]) run.interrupt();
  return active.length > 0;
}

/** Makes timers and fetch belong to the run that calls them. `onError` gets what a timer's callback throws. */
function install(onError) {
  /** Runs a callback in a promise job: the only place where a busy loop can be terminated safely (control-worker.cjs). */
  const asJob = (call) => void Promise.resolve().then(() => void call()).catch((error) => onError(error, current()));

  const owned = (start, repeats) =>
    function (callback, ...rest) {
      const run = current();
      if (!run || typeof callback !== "function") return start(callback, ...rest);
      const [delay, args] = start === native.setImmediate ? [[], rest] : [rest.slice(0, 1), rest.slice(1)];
      const timer = { callback, cancel: () => (start === native.setImmediate ? clearImmediate : clearTimeout)(handle) };
      const handle = start(function () {
        if (!repeats) run.timers.delete(timer);
        asJob(() => callback.apply(this, args));
      }, ...delay);
      if (run.interrupted) timer.cancel();
      else run.timers.add(timer);
      handles.set(handle, { run, timer });
      return handle;
    };
  /** So that clearing a timer releases it here too. */
  const handles = new WeakMap();
  const clearing = (clear) => (handle) => {
    const entry = typeof handle === "object" && handle !== null ? handles.get(handle) : undefined;
    entry?.run.timers.delete(entry.timer);
    clear(handle);
  };

  const promised = (start, optionsAt) =>
    function (...args) {
      const run = current();
      if (!run) return start.apply(this, args);
      if (run.interrupted) return never();
      const options = args[optionsAt];
      const signal = options?.signal ? AbortSignal.any([options.signal, run.controller.signal]) : run.controller.signal;
      args[optionsAt] = { ...options, signal };
      return start.apply(this, args);
    };

  const replacements = {
    setTimeout: owned(native.setTimeout, false),
    setInterval: owned(native.setInterval, true),
    setImmediate: owned(native.setImmediate, false),
    clearTimeout: clearing(clearTimeout),
    clearInterval: clearing(clearInterval),
    clearImmediate: clearing(clearImmediate),
  };
  promises.setTimeout = promised(promises.setTimeout, 2);
  promises.setImmediate = promised(promises.setImmediate, 1);
  promises.setInterval = promised(promises.setInterval, 2);
  promises.scheduler.wait = promised(promises.scheduler.wait.bind(promises.scheduler), 1);
  replacements.setTimeout[util.promisify.custom] = promises.setTimeout;
  replacements.setImmediate[util.promisify.custom] = promises.setImmediate;
  for (const [name, fn] of Object.entries(replacements)) {
    Object.defineProperty(fn, "name", { value: name });
    globalThis[name] = fn;
    timers[name] = fn;
  }
  globalThis.fetch = function fetch(input, init) {
    const run = current();
    if (!run) return native.fetch(input, init);
    if (run.interrupted) return never();
    const signals = [run.controller.signal, init?.signal, input instanceof Request ? input.signal : undefined].filter(Boolean);
    return native.fetch(input, { ...init, signal: AbortSignal.any(signals) });
  };
  Module.syncBuiltinESMExports();

  // The library's contract: `globalThis[Symbol.for("llmops.interrupt")].signal` aborts when the cell that asks is interrupted.
  globalThis[Symbol.for("llmops.interrupt")] = {
    get signal() {
      return current()?.controller.signal;
    },
  };
}

module.exports = { Run, Interrupted, install, current, interruptAll, beforeAwait, afterAwait, native };
