"use strict";
/**
 * Stack traces in the student's terms: `at load (cell [3], line 2)` instead of positions in generated
 * code, without frames of the kernel or of Node itself; and the content of Jupyter's `error` messages.
 */
const path = require("node:path");
const util = require("node:util");
const { SourceMap } = require("node:module");
const ts = require("typescript");

/** Generated file -> where its lines come from. */
const sources = new Map();
/** Error -> the innermost of its frames that lies in a cell, for the excerpt below the trace. */
const innermost = new WeakMap();

let cwd = process.cwd();
const kernelFolders = [__dirname, path.dirname(require.resolve("tslab"))].map((folder) => folder + path.sep);

/** Declares that `file` was generated from `text`, which traces shall call `label`. */
function registerSource(file, label, text, map) {
  sources.set(file, { label, lines: text.split(/\r?\n/), map: new SourceMap(map) });
}

/** The place in the source behind a generated position (1-based), or undefined. */
function original(file, line, column) {
  const source = sources.get(file);
  if (!source) return undefined;
  const entry = source.map.findEntry(line - 1, column - 1);
  if (entry?.originalLine === undefined) return undefined;
  return { label: source.label, line: entry.originalLine + 1, column: entry.originalColumn + 1, text: source.lines[entry.originalLine] ?? "" };
}

function formatStack(error, sites) {
  const frames = [];
  for (const site of sites) {
    const file = site.getFileName() ?? "";
    if (file.startsWith("node:") || kernelFolders.some((folder) => file.startsWith(folder))) continue;
    const text = site.toString();
    if (!sources.has(file)) {
      frames.push(text.replace(cwd + path.sep, ""));
      continue;
    }
    const place = original(file, site.getLineNumber() ?? 1, site.getColumnNumber() ?? 1);
    if (!place) continue; // code that the compiler added
    if (!innermost.has(error)) innermost.set(error, place);
    const name = `${file}:${site.getLineNumber()}:${site.getColumnNumber()}`;
    frames.push(text.replace(name, `${place.label}, line ${place.line}`));
  }
  return [headline(error), ...frames.map((frame) => `    at ${frame}`)].join("\n");
}

/** `Error.prototype.toString`, which a thrown object may have broken. */
function headline(error) {
  try {
    return Error.prototype.toString.call(error);
  } catch {
    return "Error";
  }
}

function install(folder) {
  cwd = folder;
  Error.prepareStackTrace = formatStack;
}

/** The excerpt of the cell that an error is about, with a caret. */
const excerpt = ({ label, line, column, width = 1, text }) => [`${label}, line ${line}:`, `  ${text}`, `  ${text.slice(0, column - 1).replace(/[^\t]/g, " ")}${"^".repeat(width)}`];

/** Whatever was thrown, as `ename`, `evalue` and `traceback`. */
function describe(thrown) {
  if (!(util.types.isNativeError(thrown) || thrown instanceof Error)) {
    const text = util.inspect(thrown);
    return { ename: "Thrown", evalue: text, traceback: [`Thrown: ${text} (not an Error, so there is no stack trace)`] };
  }
  void thrown.stack; // formats the stack, which fills `innermost`
  // inspect() prints the stack, own properties such as `code`, the chain of causes and the errors of an AggregateError.
  const text = util.inspect(thrown, { depth: 4 });
  const bare = `[${headline(thrown)}]`; // how it prints an error without frames
  const lines = (text.startsWith(bare) ? bare.slice(1, -1) + text.slice(bare.length) : text).split("\n");
  const place = innermost.get(thrown);
  return { ename: `${thrown.name}`, evalue: `${thrown.message}`, traceback: place ? [...lines, "", ...excerpt(place)] : lines };
}

/** Compiler errors, in the same form; one line each, with the source line and a caret below. */
function describeDiagnostics(diagnostics) {
  const title = (d) => `${d.file ?? "cell"}:${d.line}:${d.column} - TS${d.code}: ${d.message}`;
  const more = diagnostics.length > 1 ? ` (and ${diagnostics.length - 1} more)` : "";
  const traceback = diagnostics.flatMap((d) => {
    const shown = d.text.length > 200 ? { ...d, text: d.text.slice(0, 200) } : d;
    return [title(d), ...excerpt(shown).slice(1)];
  });
  return { ename: "TypeScriptError", evalue: title(diagnostics[0]) + more, traceback };
}

/** Translates a TypeScript file of the student's for `require`, with traces that show its own lines. */
function transpile(file, text) {
  const out = ts.transpileModule(text, {
    fileName: file,
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2024, esModuleInterop: true, sourceMap: true, newLine: ts.NewLineKind.LineFeed },
  });
  registerSource(file, path.relative(cwd, file), text, JSON.parse(out.sourceMapText));
  return out.outputText.replace(/\/\/# sourceMappingURL=.*\s*$/, "");
}

module.exports = { install, registerSource, describe, describeDiagnostics, transpile };
