import type { Program, Record, Topic } from "../harness.ts";

/** The cell ends as interrupted, soon (seconds, for busy machines; idle it is 0.2 to 0.5), and the kernel is usable at once. */
function stops(name: string, code: string, { before = [] }: { before?: string[] } = {}): Program {
  const check = ([cell]: Record[]) => {
    const took = cell!.reply.after - cell!.interrupted_at!;
    return took < 2.5 ? undefined : `ended ${took.toFixed(2)} s after the interrupt`;
  };
  return { name, steps: ["const warm = 1;", ...before, { code, interrupt_after: 0.5, expect: { out: /^/, error: { ename: "Interrupted" }, check } }, ["const usable = 1 + 1; console.log(usable);", "2\n"]] };
}

const sleep = "const sleep = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));";

/** The stop button stops: loops, waits, and what the cell left behind. */
export const interrupt: Topic = {
  name: "interrupt",
  kind: "protocol",
  programs: [
    stops("an endless loop", "while (true) {}"),
    stops("an endless loop after an await", "await null; for (;;) {}"),
    stops("an endless loop in a function of an earlier cell", "spin();", { before: ["function spin() { let n = 0; while (true) n++; }"] }),
    stops("an endless loop in a timer", "setTimeout(() => { for (;;) {} }, 5); await new Promise(() => {});"),
    stops("an endless loop in an immediate", "setImmediate(() => { for (;;) {} }); await new Promise(() => {});"),
    stops("an endless chain of promise jobs", "while (true) { await null; }"),
    stops("a promise that never settles", "await new Promise(() => {});"),
    stops("a regular expression that backtracks for ever", "/^(a+)+$/.test('a'.repeat(40) + 'b');"),
    {
      name: "a loop of waits goes no further",
      steps: [sleep, { code: "let ticks = 0; while (true) { await sleep(40); ticks++; console.log('tick'); }", interrupt_after: 0.5, expect: { out: /^(tick\n)+$/, error: { ename: "Interrupted", trace: [/at cell \[2\], line 1/] } } }, "const seen = ticks;", { wait: 0.3, expect: { check: (_, all) => (all[1]![0]!.late ? "printed after the cell had ended" : undefined) } }, ["console.log(ticks === seen, ticks > 3);", "true true\n"]],
    },
    stops("waits of node:timers/promises", "import { setTimeout as wait } from 'node:timers/promises'; while (true) await wait(50);"),
    {
      name: "an interval stops",
      steps: ["const warm = 1;", { code: "setInterval(() => console.log('beat'), 30); await new Promise(() => {});", interrupt_after: 0.4, expect: { out: /^(beat\n)+$/, error: { ename: "Interrupted" } } }, { wait: 0.3, expect: { check: (_, all) => (all[1]![0]!.late ? "the interval went on" : undefined) } }, ["1", { result: "1" }]],
    },
    {
      name: "finally blocks run, and an async generator is closed",
      steps: [sleep, { code: "async function* source() { try { while (true) { await sleep(20); yield 1; } } finally { console.log('source closed'); } }\ntry { for await (const _ of source()); } finally { console.log('cell closed'); }", interrupt_after: 0.4, expect: { out: "source closed\ncell closed\n", error: { ename: "Interrupted" } } }],
    },
    stops("code that catches everything", `${sleep} while (true) { try { await sleep(20); } catch {} }`),
    {
      name: "a fetch loop is aborted",
      steps: [
        "import { createServer } from 'node:http'; import type { AddressInfo } from 'node:net'; let hits = 0; let closed = 0; const server = createServer((request, response) => { hits++; response.on('close', () => closed++); }); await new Promise<void>((done) => server.listen(0, '127.0.0.1', done)); const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;",
        { code: "while (true) { try { await fetch(url); } catch {} }", interrupt_after: 0.4, expect: { error: { ename: "Interrupted" } } },
        ["await new Promise((done) => setTimeout(done, 100)); console.log(hits, closed); server.closeAllConnections(); server.close();", { out: "1 1\n", result: /Server/ }],
      ],
    },
    {
      name: "the library is told, by an AbortSignal",
      steps: [
        "const signal = (): AbortSignal => (globalThis as any)[Symbol.for('llmops.interrupt')].signal; const log: string[] = [];",
        { code: "signal().addEventListener('abort', () => log.push(`aborted: ${signal().reason.name}`)); await new Promise(() => {});", interrupt_after: 0.3, expect: { error: { ename: "Interrupted" } } },
        ["console.log(log.join(), signal().aborted);", "aborted: Interrupted false\n"],
      ],
    },
    {
      name: "state is kept, and half-made variables are usable",
      steps: ["const rows: number[] = [];", { code: "const total = 100; for (let i = 0; i < total; i++) { rows.push(i); await new Promise((done) => setTimeout(done, 20)); }", interrupt_after: 0.4, expect: { error: { ename: "Interrupted" } } }, ["console.log(rows.length > 3 && rows.length < 60, total);", "true 100\n"]],
    },
    {
      name: "an idle kernel stops what earlier cells left running",
      steps: ["let beats = 0; const beat = setInterval(() => beats++, 30);", { wait: 0.3 }, { request: "interrupt_request", channel: "control" }, { wait: 0.2 }, "const after = beats;", { wait: 0.3 }, ["console.log(after > 0, beats === after);", "true true\n"]],
    },
    { name: "an interrupt of an idle kernel does no harm", steps: ["let n = 1;", { request: "interrupt_request", channel: "control", expect: { check: ([reply]) => (reply!.reply.msg_type === "interrupt_reply" && reply!.reply.content.status === "ok" ? undefined : JSON.stringify(reply!.reply)) } }, ["n", { result: "1" }]] },
    { name: "a cell that was sent while the kernel warmed up", steps: [{ code: "while (true) {}", interrupt_after: 0, expect: { error: { ename: "Interrupted" } } }, ["1", { result: "1" }]] },
    { name: "five interrupts, one after the other", steps: [0, 1, 2, 3, 4].map((i) => ({ code: i % 2 ? "while (true) {}" : "while (true) { await new Promise((done) => setTimeout(done, 5)); }", interrupt_after: 0.2, expect: { error: { ename: "Interrupted" } } })) },
  ],
};
