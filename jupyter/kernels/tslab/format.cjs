"use strict";
/** The forms in which the kernel shows values, hovers and completions. */
const util = require("node:util");

/** Deno's protocol, which lets one class draw itself in both kernels. */
const DISPLAY = Symbol.for("Jupyter.display");

const method = (value, name) => (((typeof value === "object" && value !== null) || typeof value === "function") && typeof value[name] === "function" ? () => value[name]() : undefined);

/** The MIME bundle of a cell's last value. */
async function bundle(value) {
  const own = method(value, DISPLAY) ?? method(value, "toMimeBundle");
  const drawn = own ? await own() : undefined;
  if (drawn !== null && typeof drawn === "object") return { "text/plain": util.inspect(value, { depth: 0 }), ...drawn };
  return { "text/plain": util.inspect(value, { depth: 4 }) };
}

/** A hover as plain text and as Markdown, of which JupyterLab shows the latter. */
function hover({ signature, documentation, tags }) {
  const notes = tags.map(({ name, text }) => `@${name}${text ? ` ${text}` : ""}`);
  const plain = [signature, documentation, notes.join("\n")].filter(Boolean).join("\n\n");
  const list = tags.map(({ name, text }) => `- *@${name}* ${text}`).join("\n");
  return { "text/plain": plain, "text/markdown": ["```typescript\n" + signature + "\n```", documentation, list].filter(Boolean).join("\n\n") };
}

/** Jupyter counts characters as code points, JavaScript as UTF-16 units. */
const toUnits = (text, points) => Array.from(text).slice(0, points).join("").length;
const toPoints = (text, units) => Array.from(text.slice(0, units)).length;

/** What JupyterLab calls the compiler's kinds, for its icons. */
const KINDS = { method: "function", "local function": "function", var: "instance", "local var": "instance", let: "instance", const: "instance", alias: "module", directory: "module", script: "module", getter: "property", setter: "property" };

function completions(source, { start, end, entries }) {
  const [from, to] = [toPoints(source, start), toPoints(source, end)];
  return {
    status: "ok",
    matches: entries.map((entry) => entry.name),
    cursor_start: from,
    cursor_end: to,
    metadata: { _jupyter_types_experimental: entries.map(({ name, kind }) => ({ start: from, end: to, text: name, type: KINDS[kind] ?? kind })) },
  };
}

module.exports = { bundle, hover, completions, toUnits };
