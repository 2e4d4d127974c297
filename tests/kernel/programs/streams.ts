import type { Topic } from "../harness.ts";

/** What is printed arrives: all of it, in order, in time, at the cell that printed it. */
export const streams: Topic = {
  name: "streams",
  kind: "protocol",
  programs: [
    { name: "stdout and stderr, by console and by process", steps: [["console.log('a'); process.stdout.write('b\\n'); console.info('c'); console.error('d'); process.stderr.write('e\\n'); console.warn('f');", { out: "a\nb\nc\n", err: /^d\ne\nf\n$/, result: undefined }]] },
    { name: "the two streams keep their order", steps: [["for (let i = 0; i < 3; i++) { console.log(i); console.error(`e${i}`); }", { out: "0\n1\n2\n", err: /^e0\ne1\ne2\n$/, check: ([cell]) => (cell!.arrivals.map(([, text]) => text.trim()).join() === "0,e0,1,e1,2,e2" ? undefined : JSON.stringify(cell!.arrivals)) }]] },
    { name: "output appears while the cell runs", steps: [["for (let i = 0; i < 4; i++) { console.log(i); await new Promise((done) => setTimeout(done, 150)); }", { out: "0\n1\n2\n3\n", check: ([cell]) => { const times = cell!.arrivals.map(([time]) => time); return times.length === 4 && times[1]! - times[0]! > 0.1 && times[3]! - times[0]! > 0.35 ? undefined : JSON.stringify(times); } }]] },
    { name: "output appears during a synchronous loop", steps: [["for (let i = 0; i < 3; i++) { console.log(i); const until = Date.now() + 200; while (Date.now() < until); }", { out: "0\n1\n2\n", check: ([cell]) => (cell!.arrivals[0]![0] < cell!.reply.after - 0.3 ? undefined : JSON.stringify(cell!.arrivals)) }]] },
    { name: "20,000 lines are complete, in order, in few messages", steps: [["for (let i = 0; i < 20000; i++) console.log(i);", { out: /^0\n1\n[^]*\n19999\n$/, check: ([cell]) => (cell!.stdout.split("\n").length !== 20001 ? `${cell!.stdout.split("\n").length} lines` : cell!.arrivals.length > 500 ? `${cell!.arrivals.length} messages` : undefined) }]] },
    { name: "one write of five megabytes", steps: [["process.stdout.write('x'.repeat(5_000_000) + '\\n'); const done = 1;", { out: /^x+\n$/, check: ([cell]) => (cell!.stdout.length === 5_000_001 ? undefined : `${cell!.stdout.length}`) }]] },
    { name: "a child process piped to stdout, with characters cut in two", steps: [["import { spawn } from 'node:child_process'; const child = spawn(process.execPath, ['-e', \"const b = Buffer.from('größe Ω😀\\\\n'.repeat(3)); let i = 0; const next = () => { if (i < b.length) { process.stdout.write(b.subarray(i, ++i)); setTimeout(next, 1); } }; next();\"]); child.stdout.pipe(process.stdout); await new Promise((done) => child.on('close', done));", { out: "größe Ω😀\n".repeat(3), result: /^/ }]] },
    { name: "write calls back, and reports that it may go on", steps: [["const more = await new Promise<boolean>((done) => { const ok = process.stdout.write('x\\n', 'utf8', () => done(ok)); }); console.log(more);", "x\ntrue\n"]] },
    { name: "what a cell prints after its end goes to that cell", steps: [["setTimeout(() => console.log('late'), 150); const first = 1;", { out: "late\n" }], ["await new Promise((done) => setTimeout(done, 300)); console.log('second');", "second\n"], { wait: 0.1, expect: { check: (_, all) => (all[0]![0]!.late ? undefined : "it was not late") } }] },
    { name: "console.table, dir, group, count, assert, time", steps: [["console.table([{ a: 1 }]); console.group('g'); console.log('in'); console.groupEnd(); console.count(); console.dir({ a: 1 }); console.assert(true);", { out: /│ 0 +│ 1 │[^]*g\n {2}in\ndefault: 1\n\{ a: 1 \}\n$/ }]] },
    { name: "console.trace and error.stack name the cell", steps: [["function where() {\n  return new Error('here').stack!;\n}\nconsole.log(where());", { out: "Error: here\n    at where (cell [1], line 2)\n    at cell [1], line 4\n" }]] },
    { name: "reading standard input ends at once", steps: [["import { text } from 'node:stream/consumers'; console.log(JSON.stringify(await text(process.stdin)));", '""\n']] },
  ],
};
