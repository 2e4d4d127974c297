import type { Topic } from "../harness.ts";

/** A CommonJS package as the project's `lib` is: subpaths by an exports map, zod of its own, TSDoc. */
export const acme: { [path: string]: string } = {
  "node_modules/acme/package.json": JSON.stringify({
    name: "acme",
    version: "1.0.0",
    type: "commonjs",
    exports: { "./shapes": { types: "./dist/shapes.d.ts", default: "./dist/shapes.js" }, "./count": { types: "./dist/count.d.ts", default: "./dist/count.js" } },
  }),
  "node_modules/acme/dist/shapes.js": `"use strict"; const { z } = require("zod"); exports.Row = z.object({ text: z.string() }); exports.zod = z; exports.area = (width, height) => width * height;`,
  "node_modules/acme/dist/shapes.d.ts": `import { z } from "zod";
export declare const Row: z.ZodObject<{ text: z.ZodString }>;
export declare const zod: typeof z;
/**
 * The area of a rectangle.
 * @param width in metres
 * @param height in metres
 * @returns square metres
 */
export declare function area(width: number, height: number): number;
`,
  "node_modules/acme/dist/count.js": `"use strict"; Object.defineProperty(exports, "__esModule", { value: true }); exports.count = 0; exports.up = () => { exports.count++; }; exports.default = "the default";`,
  "node_modules/acme/dist/count.d.ts": `export declare let count: number; export declare function up(): void; declare const value: string; export default value;\n`,
};

/** An ES module package, one whose graph awaits at the top, and a CommonJS one that is a function. */
const others: { [path: string]: string } = {
  "node_modules/only-esm/package.json": JSON.stringify({ name: "only-esm", type: "module", exports: { ".": { types: "./index.d.ts", import: "./index.js" } } }),
  "node_modules/only-esm/index.js": `export const kind = "esm"; export default class Thing { v = 1; }`,
  "node_modules/only-esm/index.d.ts": `export declare const kind: string; export default class Thing { v: number }\n`,
  "node_modules/slow-esm/package.json": JSON.stringify({ name: "slow-esm", type: "module", exports: { ".": { types: "./index.d.ts", default: "./index.js" } } }),
  "node_modules/slow-esm/index.js": `export const ready = await new Promise((done) => setTimeout(() => done("ready"), 20));`,
  "node_modules/slow-esm/index.d.ts": `export declare const ready: string;\n`,
  "node_modules/callable/package.json": JSON.stringify({ name: "callable", main: "index.js", types: "index.d.ts" }),
  "node_modules/callable/index.js": `module.exports = function double(n) { return n * 2; }; module.exports.extra = "e";`,
  "node_modules/callable/index.d.ts": `declare function double(n: number): number; declare namespace double { const extra: string; } export = double;\n`,
  "node_modules/untyped/package.json": JSON.stringify({ name: "untyped", main: "index.js" }),
  "node_modules/untyped/index.js": `exports.answer = 42;`,
};

export const modules: Topic = {
  name: "modules",
  kind: "language",
  programs: [
    { name: "default, namespace and named imports of Node's modules", steps: ["import fs, { existsSync as exists } from 'node:fs'; import * as path from 'path'; import process from 'node:process';", ["console.log(typeof fs.readFileSync, exists('/nowhere'), path.basename('/a/b.c'), process.pid > 0);", "function false b.c true\n"]] },
    { name: "an import that its own cell does not use is there later", files: acme, steps: ["import { area } from 'acme/shapes';", ["console.log(area(2, 3));", "6\n"]] },
    { name: "subpaths by an exports map, with types", files: acme, steps: ["import { area } from 'acme/shapes'; const n: number = area(2, 2);", ["const wrong: string = area(1, 1);", { fails: true }]] },
    { name: "one instance of zod in cell and library", files: acme, steps: ["import { z } from 'zod'; import { Row, zod } from 'acme/shapes';", ["console.log(zod === z, Row instanceof z.ZodObject, z.array(Row).parse([{ text: 'x' }]).length);", "true true 1\n"]] },
    { name: "types inferred by zod go from cell to cell", steps: ["import { z } from 'zod'; const Row = z.object({ text: z.string(), n: z.number().optional() }); type Row = z.infer<typeof Row>;", ["const r: Row = { text: 'a' }; console.log(Row.parse(r).text);", "a\n"], ["const bad: Row = { text: 1 };", { fails: true }]] },
    { name: "an imported binding is live", files: acme, steps: ["import { count, up } from 'acme/count';", "up(); up(); const done = true;", ["console.log(count);", "2\n"]] },
    { name: "default import of CommonJS with and without __esModule", files: { ...acme, ...others }, steps: ["import value from 'acme/count'; import double from 'callable'; import * as all from 'callable';", ["console.log(value, double(4), double.extra, all.extra);", "the default 8 e e\n"]] },
    { name: "import type and inline type imports load nothing", files: acme, steps: ["import type { z } from 'zod'; import { type area } from 'acme/shapes'; type S = z.ZodString;", ["let s: S | undefined; let f: typeof area | undefined; console.log(s, f);", "undefined undefined\n"]] },
    { name: "types from a package with syntax newer than TypeScript 5.0", files: { "node_modules/newer/package.json": JSON.stringify({ name: "newer", main: "index.js", types: "index.d.ts" }), "node_modules/newer/index.js": "exports.first = (list) => list[0];", "node_modules/newer/index.d.ts": "export declare function first<const T extends readonly unknown[]>(list: T): NoInfer<T>[0];\nexport declare enum Kind { A = `${'a'}b` }\nexport { type first as alias };\n" }, steps: ["import { first } from 'newer';", ["const v: 1 = first([1, 2]); console.log(v);", "1\n"], ["const bad: 2 = first([1, 2]);", { fails: true }]] },
    { name: "import again, and a variable in place of an import", files: acme, steps: ["import { area } from 'acme/shapes';", "import { area } from 'acme/shapes';", "const area = (n: number) => n;", ["console.log(area(9));", "9\n"]] },
    { name: "a package of ES modules only, by its import condition", files: others, steps: ["import Thing, { kind } from 'only-esm';", ["console.log(kind, new Thing().v);", "esm 1\n"]] },
    { name: "a package that awaits at its top, imported statically", files: others, steps: ["import { ready } from 'slow-esm';", ["console.log(ready);", "ready\n"]] },
    { name: "dynamic import of such a package, and with a computed name", files: others, steps: [["const { ready } = await import('slow-esm'); const os = await import('node:' + 'os'); console.log(ready, typeof os.cpus);", "ready function\n"]] },
    { name: "vega-lite compiles a chart", steps: ["const vl = await import('vega-lite');", ["const { spec } = vl.compile({ mark: 'bar', data: { values: [{ a: 1 }] }, encoding: { x: { field: 'a', type: 'quantitative' } } }); console.log(spec.marks?.length);", "1\n"]] },
    { name: "gpt-tokenizer and its encoding subpath", steps: ["import { encode } from 'gpt-tokenizer'; import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';", ["console.log(encode('hello world').length, countTokens('hello world'));", "2 2\n"]] },
    { name: "openai's client is typed", steps: ["import OpenAI from 'openai';", ["const client = new OpenAI({ apiKey: 'x', baseURL: 'http://127.0.0.1:9' }); console.log(typeof client.chat.completions.create);", "function\n"], ["client.chat.completions.creat;", { fails: true }]] },
    { name: "a package without types is any", files: others, steps: ["import { answer } from 'untyped';", ["console.log(answer + 1);", "43\n"]] },
    { name: "JSON with import attributes", files: { "data.json": '{ "rows": [1, 2, 3] }' }, steps: ["import data from './data.json' with { type: 'json' };", ["console.log(data.rows.length);", "3\n"], ["data.columns;", { fails: true }]] },
    { name: "a TypeScript file beside the notebook, which imports another", files: { "helper.ts": "import { base } from './base.ts';\nexport enum Unit { Kilo = 1000 }\nexport const scaled = (n: number): number => n * base * Unit.Kilo;\n", "base.ts": "export const base: number = 2;\n" }, steps: ["import { scaled, Unit } from './helper.ts';", ["console.log(scaled(3), Unit.Kilo);", "6000 1000\n"]] },
    { name: "such a file is read again after an edit", files: { "helper.ts": "export const version = 1;\n" }, steps: [["import { version } from './helper.ts'; console.log(version);", "1\n"], { write: { "helper.ts": "export const version: string = 'two';\n" }, code: "import { version } from './helper.ts'; console.log(version.toUpperCase());", expect: { out: "TWO\n" } }] },
    { name: "import.meta", steps: [["import { basename } from 'node:path'; console.log(import.meta.dirname === process.cwd(), import.meta.url.startsWith('file:///'), basename(import.meta.filename).length > 0, import.meta.resolve('zod').startsWith('file:'), import.meta.resolve('./x.ts').endsWith('/x.ts'));", "true true true true true\n"]] },
    { name: "require is there too", steps: [["const os = require('node:os'); console.log(typeof os.cpus, require('zod').z === (await import('zod')).z || 'two instances');", { out: /^function / }]] },
    { name: "a module that does not exist fails to check", steps: [["import { nothing } from 'no-such-package';", { fails: true }], ["console.log('on');", "on\n"]] },
  ],
};
