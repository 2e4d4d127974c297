"use strict";
/**
 * What `import` means in a cell. Cells `require` their imports, so that a cell and the CommonJS library
 * share one instance of every package; a package that cannot be required is imported natively.
 */
const fs = require("node:fs");
const path = require("node:path");
const vm = require("node:vm");
const Module = require("node:module");
const { pathToFileURL } = require("node:url");
const { transpile } = require("./errors.cjs");

/** Reasons not to `require` a package that `import` can still load. */
const ONLY_IMPORTABLE = new Set(["ERR_REQUIRE_ASYNC_MODULE", "ERR_REQUIRE_ESM", "ERR_PACKAGE_PATH_NOT_EXPORTED", "ERR_REQUIRE_CYCLE_MODULE"]);

class Modules {
  constructor({ cwd, root }) {
    this.cwd = cwd;
    this.root = root;
    const local = Module.createRequire(path.join(cwd, "cell.cjs"));
    const project = Module.createRequire(path.join(root, "cell.cjs"));
    /** Resolves from the notebook's folder, else from the project's (a notebook may lie outside of it). */
    const resolve = (specifier, options) => {
      try {
        return local.resolve(specifier, options);
      } catch (error) {
        if (error.code !== "MODULE_NOT_FOUND" || /^[./]/.test(specifier)) throw error;
        try {
          return project.resolve(specifier, options);
        } catch {
          throw error;
        }
      }
    };
    this.require = Object.assign((specifier) => local(resolve(specifier)), { resolve, cache: local.cache, main: undefined });
    this.import = new vm.Script("(specifier, options) => import(specifier, options)", {
      filename: path.join(cwd, "cell.cjs"),
      importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    }).runInThisContext();
    /** Local files that were loaded -> their modification time. */
    this.loaded = new Map();
    this.namespaces = new WeakMap();
    Module._extensions[".ts"] = (module, file) => module._compile(transpile(file, fs.readFileSync(file, "utf8")), file);
  }

  /** `import.meta` of a cell. The path of the notebook itself is known when Jupyter passed it on. */
  meta() {
    const notebook = path.join(this.cwd, path.basename(process.env.JPY_SESSION_NAME ?? "notebook.ipynb"));
    const resolve = (specifier) => {
      if (/^\.{0,2}\//.test(specifier)) return new URL(specifier, pathToFileURL(notebook)).href;
      const found = this.require.resolve(specifier);
      return path.isAbsolute(found) ? pathToFileURL(found).href : found.startsWith("node:") ? found : `node:${found}`;
    };
    return Object.freeze(Object.assign(Object.create(null), { dirname: this.cwd, filename: notebook, url: pathToFileURL(notebook).href, resolve }));
  }

  /** Loads what an import declaration names (see describeImport in rewrite.cjs). */
  async load({ specifier, line }, label) {
    try {
      return this.require(specifier);
    } catch (error) {
      if (ONLY_IMPORTABLE.has(error?.code)) return this.import(specifier);
      if (error?.code === "MODULE_NOT_FOUND") {
        // Node lists who required what, which here is the kernel; the student needs the line.
        const [reason] = error.message.split("\n");
        error.message = reason;
        error.stack = `Error: ${reason}\n    at ${label}, line ${line}`;
      }
      throw error;
    }
  }

  /** Gives the names of an import declaration to `scope`, as live bindings: `import { count }` follows the module. */
  bind(scope, { namespace, names }, loaded) {
    const isObject = (typeof loaded === "object" && loaded !== null) || typeof loaded === "function";
    const isModule = isObject && (loaded.__esModule === true || loaded[Symbol.toStringTag] === "Module");
    for (const [name, local] of names) {
      define(scope, local, name === "default" && !isModule ? () => loaded : () => loaded?.[name]);
    }
    if (namespace) scope[namespace] = isModule || !isObject ? loaded : this.#namespace(loaded);
  }

  /** `import * as x` of a CommonJS module: its properties, and the module itself as `default`. */
  #namespace(loaded) {
    if (!this.namespaces.has(loaded)) {
      const namespace = Object.create(null);
      for (const name of Object.getOwnPropertyNames(loaded)) {
        if (name !== "default" && !(typeof loaded === "function" && ["length", "name", "prototype"].includes(name))) {
          Object.defineProperty(namespace, name, { enumerable: true, get: () => loaded[name] });
        }
      }
      Object.defineProperty(namespace, "default", { enumerable: true, value: loaded });
      Object.defineProperty(namespace, Symbol.toStringTag, { value: "Module" });
      this.namespaces.set(loaded, namespace);
    }
    return this.namespaces.get(loaded);
  }

  /** Forgets the student's own files when one of them was edited since it was loaded, so that importing it again reads it again. */
  refresh() {
    const changed = [...this.loaded].some(([file, time]) => modified(file) !== time);
    if (!changed) return;
    for (const file of this.loaded.keys()) delete this.require.cache[file];
    this.loaded.clear();
  }

  /** Remembers which local files are loaded by now. */
  remember() {
    const foreign = [path.join(this.root, "jupyter"), path.join(this.root, "lib")];
    for (const file of Object.keys(this.require.cache)) {
      const isLocal = file.startsWith(this.cwd + path.sep) && !file.includes(`${path.sep}node_modules${path.sep}`) && !foreign.some((folder) => file.startsWith(folder + path.sep));
      if (isLocal && !this.loaded.has(file)) this.loaded.set(file, modified(file));
    }
  }
}

const modified = (file) => fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs;

/** A live name that can still be declared anew by a later cell, which makes it a plain variable. */
function define(scope, name, get) {
  const set = (value) => Object.defineProperty(scope, name, { value, writable: true, enumerable: true, configurable: true });
  Object.defineProperty(scope, name, { get, set, enumerable: true, configurable: true });
}

module.exports = { Modules };
