import type { Content, Record, Step, Topic } from "../harness.ts";

const statuses = (records: Record[]) => records.map((record) => record.reply.content.status).join();
const request = (name: string, content: object, check: (content: Content, record: Record) => boolean, channel = "shell") => ({
  request: name,
  content,
  channel,
  expect: { check: ([record]: Record[]) => (record!.reply.msg_type === name.replace("request", "reply") && check(record!.reply.content, record!) ? undefined : JSON.stringify(record!.reply)) },
});

/** What Jupyter's messaging specification asks of a kernel. */
export const protocol: Topic = {
  name: "protocol",
  kind: "protocol",
  programs: [
    { name: "kernel_info", steps: [request("kernel_info_request", {}, (c) => c.status === "ok" && c.language_info.name === "typescript" && /^[5-9]\.\d+\.\d+/.test(c.language_info.version) && c.language_info.file_extension === ".ts" && c.implementation.length > 0 && c.banner.length > 0), request("kernel_info_request", {}, (c) => c.status === "ok", "control")] },
    { name: "comm_info and history have replies of their own type", steps: [request("comm_info_request", { target_name: "jupyter.widget" }, (c) => c.status === "ok" && JSON.stringify(c.comms) === "{}"), request("history_request", { hist_access_type: "tail", n: 5, output: false, raw: true }, (c) => c.status === "ok" && c.history.length === 0)] },
    { name: "execute_input, count and the fields of the reply", steps: [["1;", { result: "1", check: ([r]) => (r!.input?.code === "1;" && r!.input.execution_count === 1 && r!.results[0]!.execution_count === 1 && JSON.stringify(Object.keys(r!.reply.content).sort()) === '["execution_count","payload","status","user_expressions"]' ? undefined : JSON.stringify(r!.reply)) }], ["2;", { result: "2", check: ([r]) => (r!.reply.content.execution_count === 2 ? undefined : `count ${r!.reply.content.execution_count}`) }]] },
    { name: "a failed cell counts and its reply repeats the error", steps: [["throw new Error('x');", { error: { evalue: "x" }, check: ([r]) => (r!.reply.content.execution_count === 1 && r!.events.join() === "execute_input,error" ? undefined : JSON.stringify(r)) }]] },
    { name: "silent runs without input, result or count", steps: [{ code: "const s = 1; s;", silent: true, expect: { check: ([r]) => (r!.input === null && r!.reply.content.execution_count === 0 ? undefined : JSON.stringify(r)) } }, ["s", { result: "1", check: ([r]) => (r!.input?.execution_count === 1 ? undefined : JSON.stringify(r!.input)) }]] },
    { name: "store_history false does not count", steps: [{ code: "1", store_history: false, expect: { result: "1" } }, ["2", { result: "2", check: ([r]) => (r!.reply.content.execution_count === 1 ? undefined : "counted") }]] },
    { name: "a thousand messages, cell by cell, from one kernel", steps: ["import { display } from 'tslab';", ...Array.from({ length: 150 }, (_, i): Step => [`for (let k = 0; k < ${i % 13}; k++) display.text('d'); console.log(${i});`, { out: `${i}\n`, display: Array(i % 13).fill({ "text/plain": "d" }) }])] },
    { name: "cells sent at once run in order", steps: [{ batch: ["let log = 'a'; await new Promise((done) => setTimeout(done, 50));", "log += 'b';", "console.log(log + 'c');"], expect: { check: (r) => (statuses(r) === "ok,ok,ok" && r[2]!.stdout === "abc\n" && r[0]!.stdout === "" ? undefined : JSON.stringify(r)) } }] },
    { name: "an error aborts the cells sent before it", steps: [{ batch: ["await new Promise((done) => setTimeout(done, 50)); throw new Error('stop');", "console.log('never');", "console.log('nor this');"], expect: { check: (r) => (statuses(r) === "error,aborted,aborted" && r[1]!.stdout + r[2]!.stdout === "" ? undefined : statuses(r) + r[1]!.stdout) } }, ["console.log('runs');", "runs\n"]] },
    { name: "also when a synchronous cell fails before they are read", steps: [{ batch: ["const until = Date.now() + 300; while (Date.now() < until); throw new Error('stop');", "console.log('never');"], expect: { check: (r) => (statuses(r) === "error,aborted" ? undefined : statuses(r)) } }, ["console.log('runs');", "runs\n"]] },
    { name: "also when a cell does not type-check", steps: [{ batch: ["const n: number = 'x';", "console.log('never');"], expect: { check: (r) => (statuses(r) === "error,aborted" ? undefined : statuses(r)) } }] },
    { name: "a cell sent right after an error's reply runs", steps: Array.from({ length: 4 }, (_, i) => [[`throw new Error('${i}');`, { error: { evalue: `${i}` } }], [`console.log(${i});`, `${i}\n`]] satisfies Step[]).flat() },
    { name: "stop_on_error false lets the queue go on", steps: [{ batch: ["throw new Error('one');", "console.log('goes on');"], stop_on_error: false, expect: { check: (r) => (statuses(r) === "error,ok" && r[1]!.stdout === "goes on\n" ? undefined : statuses(r)) } }] },
    { name: "an aborted reply is a valid one", steps: [{ batch: ["throw new Error('x');", "1"], expect: { check: (r) => (r[1]!.reply.content.status === "aborted" && r[1]!.events.length === 0 && typeof r[1]!.reply.content.execution_count === "number" ? undefined : JSON.stringify(r[1])) } }] },
    { name: "user_expressions are answered", steps: [{ code: "const v = 1;", user_expressions: { a: "v" }, expect: { check: ([r]) => (r!.reply.content.user_expressions.a?.status === "error" ? undefined : JSON.stringify(r!.reply)) } }] },
    { name: "every output comes before the idle status", steps: [["console.log('x'); await null; console.log('y'); 'z'", { out: "x\ny\n", result: "'z'", check: ([r]) => (r!.late ? "late output" : undefined) }]] },
    { name: "shutdown ends the process, without noise", steps: ["const t = setInterval(() => {}, 1000);", { shutdown: false, expect: { check: ([r]) => (r!.ended && r!.seconds! < 2 && r!.reply.content.restart === false && r!.log === "" ? undefined : JSON.stringify(r)) } }] },
    { name: "restart is echoed", steps: [{ shutdown: true, expect: { check: ([r]) => (r!.ended && r!.reply.content.restart === true ? undefined : JSON.stringify(r)) } }] },
    { name: "shutdown ends a kernel that hangs in a loop", steps: [{ request: "execute_request", content: { code: "while (true) {}", silent: false, store_history: true, user_expressions: {}, allow_stdin: false, stop_on_error: true }, noReply: true }, { shutdown: false, expect: { check: ([r]) => (r!.ended && r!.seconds! < 4 ? undefined : JSON.stringify(r)) } }] },
  ],
};
