"use strict";
/**
 * Type checking, completion and hover over a growing sequence of cells, and the compilation of one.
 *
 * Every cell is a TypeScript module of its own. The compiler looks a name up from the inside outwards,
 * following `parent`, and would stop at the module; we set the `parent` of a cell to the cell before
 * it. The cells are then nested scopes: a cell sees all earlier names with their true types (no printed
 * .d.ts between cells, so private members, unique symbols, inferred and generic types all survive), an
 * assignment to an earlier `let` is checked, and declaring a name again shadows it, with a new type.
 */
const path = require("node:path");
const ts = require("typescript");
const { createRewriter, dropExports, hasTopLevelAwait } = require("./rewrite.cjs");

/** The paths that the compiler knows files by have forward slashes, on Windows too. */
const slashed = (file) => file.replaceAll("\\", "/");

const OPTIONS = {
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  moduleDetection: ts.ModuleDetectionKind.Force, // a cell without import or export is a module too
  // ES2024 and not ESNext: Node 24 has no decorators, so the compiler has to lower them.
  target: ts.ScriptTarget.ES2024,
  // What Node 24 really has. Not `esnext` as a whole, which would offer Temporal.
  lib: ["es2025", "esnext.array", "esnext.disposable", "esnext.error", "esnext.decorators"].map((name) => `lib.${name}.d.ts`),
  types: ["node"],
  strict: true,
  skipLibCheck: true,
  esModuleInterop: true,
  resolveJsonModule: true,
  allowImportingTsExtensions: true,
  jsx: ts.JsxEmit.React,
  preserveConstEnums: true, // an enum of cell 1 is an object that cell 2 can use
  removeComments: true,
  sourceMap: true,
  newLine: ts.NewLineKind.LineFeed,
};

/** Errors that are right for a program and wrong for a notebook. */
const IGNORED = new Set([
  7005, 7034, // `let rows = []` in one cell, used in the next: any[], as in a function's parameter it would be
  7016, // a package without types: any, not an error
]);

class Cells {
  /**
   * @param cwd the notebook's folder: imports are resolved from it
   * @param root the project's folder: imports that the notebook's folder cannot resolve are tried from it
   */
  constructor({ cwd, root }) {
    this.cwd = slashed(cwd);
    this.root = slashed(root);
    this.options = { ...OPTIONS, typeRoots: [`${this.root}/node_modules/@types`] };
    this.texts = new Map();
    this.versions = new Map();
    this.snapshots = new Map();
    this.count = 0;
    /** The innermost scope so far: what the next cell gets as `parent`. */
    this.scope = undefined;
    this.resolutions = ts.createModuleResolutionCache(this.cwd, (name) => name, this.options);
    this.service = ts.createLanguageService(this.#host(), ts.createDocumentRegistry(true, this.cwd));
    this.#open("");
  }

  /** Reads the library declarations, so that the first cell does not wait for it. */
  warm() {
    this.#open('import * as fs from "node:fs"; console.log(fs, [1].map((n) => n));');
    this.#diagnostics(this.#file());
    this.#open("");
  }

  /**
   * Checks and translates the next cell.
   * @returns `{ diagnostics }` when it does not type-check, else what runner.cjs needs to run it
   */
  compile(source) {
    this.#open(source);
    const file = this.#file();
    const diagnostics = this.#diagnostics(file);
    if (diagnostics.length > 0) return { diagnostics };
    const program = this.service.getProgram();
    const report = { imports: [], hasResult: false };
    const out = {};
    program.emit(file, (name, text) => void (out[name.endsWith(".map") ? "map" : "code"] = text), undefined, false, {
      before: [createRewriter(program.getTypeChecker(), (candidate) => this.texts.has(candidate.fileName), report)],
      after: [dropExports],
    });
    return {
      diagnostics,
      code: out.code.replace(/\/\/# sourceMappingURL=.*\s*$/, ""),
      map: JSON.parse(out.map),
      isAsync: hasTopLevelAwait(file),
      names: [...(file.locals ?? [])].filter(([, symbol]) => symbol.flags & (ts.SymbolFlags.Value | ts.SymbolFlags.Alias)).map(([name]) => String(name)),
      ...report,
    };
  }

  /**
   * Makes the names of the cell that `compile` saw last visible to the cells after it.
   * @param missing names the cell declares but, because it failed half-way, never set
   */
  commit(missing = new Set()) {
    const file = this.#file();
    if (!file.locals?.size && !file.moduleAugmentations?.length) return;
    if (missing.size > 0) {
      const locals = new Map([...file.locals].filter(([name]) => !missing.has(String(name))));
      this.scope = Object.create(file, { locals: { value: locals } });
    } else {
      this.scope = file;
    }
    this.count++;
    this.#open("");
  }

  /** Forgets every cell. */
  reset() {
    this.texts.clear();
    this.scope = undefined;
    this.count++;
    this.#open("");
  }

  /** Completions at `offset` (UTF-16 units), best first. */
  complete(source, offset) {
    this.#open(source);
    const file = this.#file();
    const info = this.service.getCompletionsAtPosition(file.fileName, offset, { includeCompletionsWithInsertText: false });
    const token = wordAt(source, offset);
    if (!info) return { start: offset, end: offset, entries: [] };
    const span = info.optionalReplacementSpan ?? info.entries.find((entry) => entry.replacementSpan)?.replacementSpan ?? token;
    const typed = source.slice(span.start, offset).toLowerCase();
    const rank = (name) => (name.toLowerCase().startsWith(typed) ? 0 : name.toLowerCase().includes(typed) ? 1 : 2);
    const entries = info.entries
      .map((entry) => ({ name: entry.name, kind: entry.kind, key: `${rank(entry.name)}${entry.sortText}` }))
      .filter((entry) => !entry.key.startsWith("2"));
    entries.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    return { start: span.start, end: Math.max(offset, span.start + span.length), entries };
  }

  /** Type and documentation of what stands at `offset`, or undefined. */
  inspect(source, offset) {
    this.#open(source);
    const name = this.#file().fileName;
    // A cursor behind a name, as after typing it, means the name.
    const info = this.service.getQuickInfoAtPosition(name, offset) ?? (offset > 0 ? this.service.getQuickInfoAtPosition(name, offset - 1) : undefined);
    if (info) return { signature: ts.displayPartsToString(info.displayParts), documentation: ts.displayPartsToString(info.documentation), tags: describeTags(info.tags) };
    const help = this.service.getSignatureHelpItems(name, offset, undefined);
    if (!help) return undefined;
    const item = help.items[help.selectedItemIndex];
    const parameters = item.parameters.map((parameter) => ts.displayPartsToString(parameter.displayParts)).join(ts.displayPartsToString(item.separatorDisplayParts));
    return {
      signature: ts.displayPartsToString(item.prefixDisplayParts) + parameters + ts.displayPartsToString(item.suffixDisplayParts),
      documentation: ts.displayPartsToString(item.documentation),
      tags: describeTags(item.tags),
    };
  }

  /** Replaces the text of the cell in hand. */
  #open(source) {
    const name = this.#name();
    if (this.texts.get(name) === source) return;
    this.texts.set(name, source);
    this.versions.set(name, (this.versions.get(name) ?? 0) + 1);
  }

  #name() {
    return `${this.cwd}/__cell_${this.count}.ts`;
  }

  /** The parsed cell in hand, in its place behind the earlier ones. */
  #file() {
    const file = this.service.getProgram().getSourceFile(this.#name());
    file.parent = this.scope;
    return file;
  }

  #diagnostics(file) {
    const check = (name) => {
      const syntax = this.service.getSyntacticDiagnostics(name);
      return syntax.length > 0 ? syntax : this.service.getSemanticDiagnostics(name);
    };
    const isLocal = (other) => !other.isDeclarationFile && !this.texts.has(other.fileName) && !other.fileName.includes("/node_modules/") && /\.[cm]?tsx?$/.test(other.fileName);
    const helpers = this.service.getProgram().getSourceFiles().filter(isLocal).map((other) => other.fileName);
    return [file.fileName, ...helpers]
      .flatMap(check)
      .filter((diagnostic) => diagnostic.category === ts.DiagnosticCategory.Error && !IGNORED.has(diagnostic.code))
      .map((diagnostic) => this.#describe(diagnostic));
  }

  #describe({ file, start, length, code, messageText }) {
    const message = ts.flattenDiagnosticMessageText(messageText, "\n");
    if (!file) return { code, message, line: 1, column: 1, width: 1, text: "" };
    const { line, character } = file.getLineAndCharacterOfPosition(start);
    const text = file.text.split(/\r?\n/)[line] ?? "";
    return {
      code,
      message,
      line: line + 1,
      column: character + 1,
      width: Math.max(1, Math.min(length, text.length - character)),
      text,
      file: this.texts.has(file.fileName) ? undefined : slashed(path.relative(this.cwd, file.fileName)),
    };
  }

  #host() {
    const { sys } = ts;
    /** Files of packages do not change under a running kernel; the student's own may. */
    const version = (file) => {
      if (this.texts.has(file)) return `${this.versions.get(file)}`;
      return file.includes("/node_modules/") ? "1" : `${sys.getModifiedTime(file)?.getTime() ?? 0}`;
    };
    const host = {
      getCompilationSettings: () => this.options,
      getScriptFileNames: () => [...this.texts.keys()],
      getScriptVersion: version,
      getScriptSnapshot: (file) => {
        const current = version(file);
        const cached = this.snapshots.get(file);
        if (cached?.version === current) return cached.snapshot;
        const text = host.readFile(file);
        if (text === undefined) return undefined;
        const snapshot = ts.ScriptSnapshot.fromString(text);
        this.snapshots.set(file, { version: current, snapshot });
        return snapshot;
      },
      getCurrentDirectory: () => this.cwd,
      getDefaultLibFileName: (options) => ts.getDefaultLibFilePath(options),
      useCaseSensitiveFileNames: () => sys.useCaseSensitiveFileNames,
      fileExists: (file) => this.texts.has(file) || sys.fileExists(file),
      readFile: (file) => this.texts.get(file) ?? sys.readFile(file),
      directoryExists: sys.directoryExists,
      getDirectories: sys.getDirectories,
      readDirectory: sys.readDirectory,
      realpath: sys.realpath,
      resolveModuleNameLiterals: (literals, containing, redirect, options, file) =>
        literals.map((literal) => this.#resolve(literal.text, containing, redirect, options, ts.getModeForUsageLocation(file, literal, options), host)),
    };
    return host;
  }

  /** Resolutions are kept across programs: without it each cell would probe the disk for every import of every package. */
  #resolve(name, containing, redirect, options, mode, host) {
    const resolve = (from, cache) => ts.resolveModuleName(name, from, options, host, cache, redirect, mode);
    const found = resolve(containing, this.resolutions);
    if (found.resolvedModule || !this.texts.has(containing)) return found;
    // Not found from a cell: the file may have been written since, or the notebook lies outside the project.
    const fresh = resolve(containing, undefined);
    return fresh.resolvedModule ? fresh : resolve(`${this.root}/__cell.ts`, undefined);
  }
}

/** The identifier around `offset`, for an editor that asks in the middle of a word. */
function wordAt(source, offset) {
  const before = /[\p{ID_Continue}$]*$/u.exec(source.slice(0, offset))[0].length;
  const after = /^[\p{ID_Continue}$]*/u.exec(source.slice(offset))[0].length;
  return { start: offset - before, length: before + after };
}

const describeTags = (tags = []) => tags.map((tag) => ({ name: tag.name, text: ts.displayPartsToString(tag.text) }));

module.exports = { Cells };
