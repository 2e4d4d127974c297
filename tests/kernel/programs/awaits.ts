import type { Topic } from "../harness.ts";

/** Every form in which `await` may be the only one of its cell: a kernel has to notice it. */
export const awaits: Topic = {
  name: "await",
  kind: "language",
  programs: [
    { name: "await of a call", steps: [["const v = await Promise.resolve(1); console.log(v);", "1\n"]] },
    { name: "await of a parenthesis", steps: [["const v = await (Promise.resolve(2)); console.log(v);", "2\n"]] },
    { name: "await of a template", steps: [["const v = await `t${1}`; console.log(v);", "t1\n"]] },
    { name: "await of an array", steps: [["const v = await [1, 2]; console.log(v.length);", "2\n"]] },
    { name: "await of an object", steps: [["const v = await { a: 5 }; console.log(v.a);", "5\n"]] },
    { name: "await of a minus sign", steps: [["const v = await -1; console.log(v);", "-1\n"]] },
    { name: "await of new", steps: [["const v = await new Promise<string>((done) => setTimeout(() => done('late'), 20)); console.log(v);", "late\n"]] },
    { name: "await of an await", steps: [["const v = await await Promise.resolve(3); console.log(v);", "3\n"]] },
    { name: "for await as the only await", steps: [["for await (const v of [Promise.resolve(1), 2]) console.log(v);", "1\n2\n"]] },
    { name: "for await over an async generator of an earlier cell", steps: ["async function* count(n: number) { for (let i = 0; i < n; i++) yield i; }", ["for await (const i of count(3)) { console.log(i); }", "0\n1\n2\n"]] },
    { name: "await inside a template and a spread", steps: [["console.log(`${await Promise.resolve('a')}${[...(await Promise.resolve(['b', 'c']))].join('')}`);", "abc\n"]] },
    { name: "await in a default of a destructuring", steps: [["const { a = await Promise.resolve(4) }: { a?: number } = {}; console.log(a);", "4\n"]] },
    { name: "await in if, while and ternary", steps: [["let n = 0; if (await Promise.resolve(true)) { while (await Promise.resolve(n < 2)) n++; } console.log((await Promise.resolve(n)) === 2 ? 'yes' : 'no');", "yes\n"]] },
    { name: "await in a computed class member name", steps: [["class A { [await Promise.resolve('key')]() { return 7; } } console.log((new A() as any).key());", "7\n"]] },
    { name: "await only inside a function leaves the cell synchronous", steps: [["async function later() { await null; console.log('later'); } later(); console.log('now');", { check: ([cell]) => (cell!.stdout.startsWith("now\n") ? undefined : `stdout ${cell!.stdout}`), out: /^now\n(later\n)?$/ }]] },
    { name: "try, catch and finally around await", steps: [["try { await Promise.reject(new Error('no')); } catch (error) { console.log((error as Error).message); } finally { console.log(await 'done'); }", "no\ndone\n"]] },
    { name: "Promise.all keeps order and runs at once", steps: [["const start = Date.now(); const all = await Promise.all([30, 10].map((ms) => new Promise<number>((done) => setTimeout(() => done(ms), ms)))); console.log(all.join(), Date.now() - start < 200);", "30,10 true\n"]] },
    { name: "variables set before and after an await are seen later", steps: ["let before = 1; await null; let after = 2;", ["console.log(before + after);", "3\n"]] },
    { name: "await using disposes at the end of the cell", steps: [["await using r = { [Symbol.asyncDispose]: async () => console.log('closed') }; console.log('open');", "open\nclosed\n"]] },
    { name: "using disposes at the end of the block", steps: [["{ using r = { [Symbol.dispose]: () => console.log('closed') }; console.log('open'); } console.log('after');", "open\nclosed\nafter\n"]] },
    { name: "using at the top of a cell", steps: [["using r = { name: 'r', [Symbol.dispose]: () => console.log('closed') }; console.log(r.name);", "r\nclosed\n"]] },
    { name: "Array.fromAsync and Promise.withResolvers", steps: [["const { promise, resolve } = Promise.withResolvers<number>(); resolve(1); console.log((await Array.fromAsync([promise, 2])).join());", "1,2\n"]] },
    { name: "order of promise jobs is that of the language", steps: [["const log: string[] = []; async function a() { log.push('a1'); await null; log.push('a2'); await null; log.push('a3'); } async function b() { log.push('b1'); await null; log.push('b2'); } await Promise.all([a(), b()]); console.log(log.join(' '));", "a1 b1 a2 b2 a3\n"]] },
  ],
};
