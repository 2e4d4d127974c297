import type { Content, Record, Step, Topic } from "../harness.ts";
import { acme } from "./modules.ts";

/** `|` is the cursor. */
function complete(source: string, check: (matches: string[], content: Content) => boolean): Step {
  const cursor = Array.from(source.slice(0, source.indexOf("|"))).length;
  return { request: "complete_request", content: { code: source.replace("|", ""), cursor_pos: cursor }, expect: { check: ([record]: Record[]) => (check(record!.reply.content.matches, record!.reply.content) ? undefined : JSON.stringify(record!.reply.content).slice(0, 300)) } };
}
function hover(source: string, wanted: RegExp | undefined): Step {
  const cursor = Array.from(source.slice(0, source.indexOf("|"))).length;
  return { request: "inspect_request", content: { code: source.replace("|", ""), cursor_pos: cursor, detail_level: 0 }, expect: { check: ([record]: Record[]) => { const { found, data } = record!.reply.content; return wanted ? (found && wanted.test(data["text/plain"] ?? "") ? undefined : JSON.stringify(data)) : found ? `found ${JSON.stringify(data)}` : undefined; } } };
}
const isComplete = (code: string, status: string): Step => ({ request: "is_complete_request", content: { code }, expect: { check: ([record]: Record[]) => (record!.reply.content.status === status ? undefined : record!.reply.content.status) } });

/** Tab and Shift-Tab. */
export const assist: Topic = {
  name: "completion and hover",
  kind: "protocol",
  programs: [
    { name: "members of an earlier cell's variable", steps: ["const rows = [{ text: 'a', tokens: 1 }];", complete("rows[0]!.to|", (m, c) => m[0] === "tokens" && c.cursor_start === 9 && c.cursor_end === 11 && c.metadata._jupyter_types_experimental[0]?.type === "property")] },
    { name: "earlier names, best match first", steps: ["const tokenCount = 1; function tokenize() {}", complete("token|", (m) => m.slice(0, 2).sort().join() === "tokenCount,tokenize")] },
    { name: "in the middle of a word", steps: ["const tokenCount = 1;", complete("tok|enC + 1", (m, c) => m.includes("tokenCount") && c.cursor_start === 0 && c.cursor_end === 6)] },
    { name: "after characters outside the basic plane", steps: ["const tokens = { first: 1 };", complete("const s = '😀😀'; tokens.fi|", (m, c) => m[0] === "first" && c.cursor_start === 23)] },
    { name: "exports and subpaths of a library", files: acme, steps: ["import * as shapes from 'acme/shapes';", complete("shapes.ar|", (m) => m[0] === "area"), complete("import { a| } from 'acme/shapes'", (m) => m.includes("area")), complete("import {} from 'acme/|'", (m) => m.includes("shapes") && m.includes("count"))] },
    { name: "members of zod's inferred types", steps: ["import { z } from 'zod'; const Row = z.object({ prompt: z.string(), score: z.number() });", complete("Row.parse({}).sc|", (m) => m[0] === "score"), complete("z.strin|", (m) => m[0] === "string")] },
    { name: "keys of an object literal by its type, and string literals", steps: ["interface Opts { temperature: number; model: 'small' | 'large' } const run = (o: Opts) => o;", complete("run({ temp| })", (m) => m.includes("temperature")), complete("run({ temperature: 1, model: '|' })", (m) => m.join() === "large,small" || m.join() === "small,large")] },
    { name: "nothing inside a comment, and no failure in broken code", steps: [complete("// tok|", (m) => m.length === 0), complete("const a = {{{ (conso|", (m) => m.includes("console"))] },
    { name: "completion does not disturb the notebook", steps: ["let a = 1;", complete("let a = 'x'; a.to|", (m) => m.includes("toUpperCase")), ["a.toFixed(1)", { result: "'1.0'" }]] },
    { name: "hover shows the type of an earlier variable", steps: ["const rows = [{ text: 'a' }];", hover("row|s", /const rows: \{\s+text: string;\s+\}\[\]/), hover("rows.ma|p", /map<U>/)] },
    { name: "hover shows a library function with its documentation", files: acme, steps: ["import { area } from 'acme/shapes';", hover("ar|ea(1, 2)", /area\(width: number, height: number\): number[^]*The area of a rectangle\.[^]*@param width in metres[^]*@returns square metres/), hover("area|(1, 2)", /area of a rectangle/)] },
    { name: "hover inside the parentheses shows the call's signature", files: acme, steps: ["import { area } from 'acme/shapes';", hover("area(|", /area\(width: number, height: number\): number/)] },
    { name: "hover on the library llmops", steps: ["import * as data from 'llmops/data';", hover("data.validateFi|le", /validateFile\(/), complete("data.valid|", (m) => m.includes("validateFile")), complete("import {} from 'llmops/|'", (m) => m.includes("course") && m.includes("teacher"))] },
    { name: "hover on documentation of an earlier cell", steps: ["/** Rounds up. */\nfunction up(n: number) { return Math.ceil(n); }", hover("u|p(1)", /function up\(n: number\): number[^]*Rounds up\./)] },
    { name: "hover on nothing finds nothing", steps: [hover("   |   ", undefined)] },
    { name: "is_complete tells code that breaks off", steps: [isComplete("const a = 1;", "complete"), isComplete("function f() {", "incomplete"), isComplete("const a = [1,", "incomplete"), isComplete("`open", "incomplete"), isComplete("const a = ;", "complete")] },
    { name: "completion answers while a cell runs", steps: [{ batch: ["const early = { field: 1 };", "await new Promise((done) => setTimeout(done, 400));"], expect: {} }, complete("early.fi|", (m) => m[0] === "field")] },
  ],
};
