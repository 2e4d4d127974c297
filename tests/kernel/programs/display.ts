import type { Topic } from "../harness.ts";

const png = "iVBORw0KGgo=";

/** Values and drawings. */
export const display: Topic = {
  name: "results and display",
  kind: "protocol",
  programs: [
    { name: "the value of the last expression is the result", steps: [["1 + 1", { result: "2" }], ["'text'", { result: "'text'" }], ["[1, { a: null }];", { result: "[ 1, { a: null } ]" }], ["null", { result: "null" }], ["false", { result: "false" }]] },
    { name: "undefined and statements have none", steps: ["undefined", "const a = 1;", "if (a) { 5; }", "function f() {}", "void 0;", "interface I { a: 1 }"] },
    { name: "the result of an assignment and of an await", steps: ["let n = 0;", ["n = 5", { result: "5" }], ["await Promise.resolve([1])", { result: "[ 1 ]" }]] },
    { name: "a promise that is not awaited stays a promise", steps: [["Promise.resolve(1)", { result: "Promise { 1 }" }], ["await null; Promise.resolve(2)", { result: "Promise { 2 }" }]] },
    { name: "an object literal in parentheses, classes, maps, deep objects", steps: [["({ a: { b: { c: { d: 1 } } } })", { result: "{\n  a: { b: { c: { d: 1 } } }\n}" }], ["new Map([['k', new Set([1])]])", { result: "Map(1) { 'k' => Set(1) { 1 } }" }], ["class P { x = 1 }\nnew P()", { result: "P { x: 1 }" }], ["(n: number) => n", { result: "[Function (anonymous)]" }]] },
    { name: "a value that draws itself (Jupyter.display)", steps: [["({ [Symbol.for('Jupyter.display')]: () => ({ 'text/html': '<b>x</b>', 'text/plain': 'x' }) })", { check: ([cell]) => (JSON.stringify(cell!.results[0]?.data) === '{"text/plain":"x","text/html":"<b>x</b>"}' ? undefined : JSON.stringify(cell!.results)), result: "x" }]] },
    { name: "a value with toMimeBundle, asynchronously", steps: [["class Chart { async toMimeBundle() { return { 'image/svg+xml': '<svg/>' }; } }\nnew Chart()", { result: /Chart/, check: ([cell]) => (cell!.results[0]!.data["image/svg+xml"] === "<svg/>" ? undefined : "no drawing") }]] },
    { name: "tslab.display of every kind", steps: ["import * as tslab from 'tslab';", ["tslab.display.html('<i>h</i>'); tslab.display.markdown('# m'); tslab.display.svg('<svg/>'); tslab.display.latex('x'); tslab.display.text('t'); tslab.display.javascript('1');", { display: [{ "text/html": "<i>h</i>" }, { "text/markdown": "# m" }, { "image/svg+xml": "<svg/>" }, { "text/latex": "x" }, { "text/plain": "t" }, { "text/javascript": "1" }] }]] },
    { name: "images from bytes, JSON types from objects", steps: ["import { display } from 'tslab';", [`display.png(Buffer.from('${png}', 'base64')); display.raw('image/jpeg', new Uint8Array([1, 2])); display.raw('application/vnd.vegalite.v5+json', { mark: 'bar' });`, { display: [{ "image/png": png }, { "image/jpeg": "AQI=" }, { "application/vnd.vegalite.v5+json": { mark: "bar" } }] }]] },
    { name: "newDisplay is updated in place, from later cells too", steps: ["import { newDisplay } from 'tslab'; const d = newDisplay();", ["d.text('one'); d.text('two');", { display: [{ "text/plain": "one" }], check: ([cell]) => (cell!.updates[0]?.data["text/plain"] === "two" && cell!.updates[0]?.transient.display_id === cell!.displays[0]?.transient.display_id ? undefined : JSON.stringify(cell!.updates)) }], ["d.html('<b>3</b>');", { check: ([cell], all) => (cell!.updates[0]?.transient.display_id === all[1]![0]!.displays[0]!.transient.display_id ? undefined : "another display") }]] },
    { name: "output, drawing and result come in the order of the code", steps: ["import { display } from 'tslab';", ["console.log('a'); display.text('b'); console.error('c'); display.text('d'); console.log('e'); 'f'", { out: "a\ne\n", err: /^c\n$/, result: "'f'", display: [{ "text/plain": "b" }, { "text/plain": "d" }], check: ([cell]) => (cell!.events.join() === "execute_input,stdout,display_data,stderr,display_data,stdout,execute_result" ? undefined : cell!.events.join()) }]] },
    { name: "a display from a timer belongs to the cell that set it", steps: ["import { display } from 'tslab';", ["setTimeout(() => display.text('late'), 150); const set = true;", { display: [{ "text/plain": "late" }] }], ["await new Promise((done) => setTimeout(done, 300));", {}]] },
    { name: "a library draws through tslab, in the same kernel", files: { "node_modules/drawer/package.json": '{"name":"drawer","main":"index.js","types":"index.d.ts"}', "node_modules/drawer/index.js": "exports.draw = () => require('tslab').display.text('drawn');", "node_modules/drawer/index.d.ts": "export declare function draw(): void;\n" }, steps: [["import { draw } from 'drawer'; draw();", { display: [{ "text/plain": "drawn" }] }]] },
    { name: "the library llmops draws in the notebook", steps: ["import { show } from 'llmops/course';", ["show({ 'text/plain': 'p', 'text/html': '<b>p</b>' });", { display: [{ "text/plain": "p", "text/html": "<b>p</b>" }] }]] },
    { name: "tslab.versions names the compiler that checks", steps: [["import { versions } from 'tslab'; import ts from 'typescript'; console.log(versions.typescript === ts.version, versions.node === process.version, versions.tslab);", "true true 1.0.22\n"]] },
  ],
};
