"use strict";
/** Runs compiled cells, one after the other, over one shared scope. */
const path = require("node:path");
const vm = require("node:vm");
const { Cells } = require("./cells.cjs");
const { Modules } = require("./modules.cjs");
const { describe, describeDiagnostics, registerSource } = require("./errors.cjs");
const { Interrupted, beforeAwait, afterAwait, native } = require("./runs.cjs");
const { SCOPE, META, BEFORE_AWAIT, AFTER_AWAIT } = require("./rewrite.cjs");

/** On the line before the cell's first one; `lineOffset: -1` makes up for it. Cells are strict, as all modules are. */
const WRAPPER = `function (${SCOPE}, ${META}, ${BEFORE_AWAIT}, ${AFTER_AWAIT}, require, __dirname, __filename) { "use strict";\n`;

/** How long an interrupted cell has for its `finally` blocks before it is given up. */
const GRACE_MS = 250;

/** A plain object whose properties the engine keeps fast, as it does not for `Object.create(null)`. */
function Scope() {}
Scope.prototype = Object.create(null);

class Runner {
  /**
   * @param cwd the notebook's folder
   * @param root the project's folder
   * @param guard called with true before work of the kernel's own that must not be cut off, with false after it
   */
  constructor({ cwd, root, guard }) {
    this.cwd = cwd;
    this.guard = guard;
    this.cells = new Cells({ cwd, root });
    this.modules = new Modules({ cwd, root });
    this.meta = this.modules.meta();
    this.scope = new Scope();
    this.sequence = 0;
  }

  /** Calls into the compiler: busy, but not by the student's doing, so an interrupt must not terminate it. */
  compiler(call) {
    this.guard(true);
    try {
      return call(this.cells);
    } finally {
      this.guard(false);
    }
  }

  /** @returns `{ value }`, a list with the last expression's value or undefined, or `{ error }` as Jupyter wants it */
  async execute(source, run) {
    if (run.interrupted) return { error: describe(new Interrupted()) };
    const cell = this.compiler((cells) => cells.compile(source));
    if (cell.diagnostics.length > 0) return { error: describeDiagnostics(cell.diagnostics) };
    if (run.interrupted) return { error: describe(new Interrupted()) };
    const own = (name) => (Object.hasOwn(this.scope, name) ? [this.scope[name]] : []);
    const before = new Map(cell.names.map((name) => [name, own(name)]));
    const outcome = await this.#run(cell, source, run);
    if (!outcome.error) {
      this.cells.commit();
      return { value: outcome.value };
    }
    // What the cell set before it failed stays usable; a name it never reached keeps its earlier meaning.
    const isSet = (name) => {
      const [now, past] = [own(name), before.get(name)];
      return now.length > 0 && (past.length === 0 || !Object.is(now[0], past[0]));
    };
    if (outcome.started) this.cells.commit(new Set(cell.names.filter((name) => !isSet(name))));
    return { error: describe(outcome.error.thrown) };
  }

  async #run(cell, source, run) {
    this.guard(true); // until the student's code starts
    const file = path.join(this.cwd, `__run_${++this.sequence}`); // import() resolves from its folder
    registerSource(file, run.label, source, cell.map);
    let body;
    try {
      body = new vm.Script(`(${cell.isAsync ? "async " : ""}${WRAPPER}${cell.code}\n})`, {
        filename: file,
        lineOffset: -1,
        importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
      }).runInThisContext();
    } catch (thrown) {
      this.guard(false);
      return { error: { thrown }, started: false };
    }
    let started = false;
    const start = async () => {
      this.modules.refresh();
      try {
        for (const wanted of cell.imports) this.modules.bind(this.scope, wanted, await this.modules.load(wanted, run.label));
      } finally {
        this.modules.remember();
      }
      started = true;
      return body(this.scope, this.meta, beforeAwait, afterAwait, this.modules.require, this.cwd, this.meta.filename);
    };
    const finished = new Promise((resolve) => {
      // A fresh turn and a promise job of its own: an endless loop in it can be terminated without
      // taking any of the kernel's own frames with it.
      native.setImmediate(() => {
        void Promise.resolve()
          .then(() => {
            this.guard(false);
            return run.interrupted ? undefined : run.enter(start);
          })
          .then(
            (value) => resolve({ value }),
            (thrown) => resolve({ error: { thrown } }),
          );
      });
    });
    const stopped = run.interruption.then(async (thrown) => {
      const late = new Promise((resolve) => native.setTimeout(resolve, GRACE_MS));
      const ended = await Promise.race([finished, late]);
      // The error that unwound the cell says where it stood; any other end than an error is an interruption too.
      return { error: { thrown: ended?.error?.thrown instanceof Interrupted ? ended.error.thrown : thrown } };
    });
    const outcome = await Promise.race([finished.then((result) => (run.interrupted ? stopped : result)), stopped]);
    return { ...outcome, started };
  }
}

module.exports = { Runner };
