import type { Topic } from "../harness.ts";

const rejected = (name: string, before: string[], bad: string): Topic["programs"][number] => ({ name, steps: [...before, [bad, { fails: true }], ["console.log('still alive');", "still alive\n"]] });

/** The compiler checks every cell against the true types of the cells before it. */
export const types: Topic = {
  name: "type checking",
  kind: "language",
  programs: [
    rejected("an argument of the wrong type", ["const f = (n: number) => n;"], "f('text');"),
    rejected("an unknown name", [], "undefinedName + 1;"),
    rejected("assignment to a const of an earlier cell", ["const fixed = 1;"], "fixed = 2;"),
    rejected("assignment of another type to an earlier let", ["let n = 1;"], "n = 'text';"),
    rejected("null where a value is expected (strict)", ["const find = (s: string): string | undefined => (s ? s : undefined);"], "find('x').length;"),
    rejected("an implicit any parameter (strict)", [], "const g = (v) => v;"),
    rejected("a private member of an earlier class", ["class A { private secret = 1; }"], "new A().secret;"),
    rejected("an incomplete implementation of an earlier abstract class", ["abstract class A { abstract go(): void; }"], "class B extends A {}"),
    rejected("an unused branch of an earlier union", ["type Op = 'a' | 'b';"], "const op: Op = 'c';"),
    rejected("the old type after a redeclaration", ["let v = 1;", "let v = 'now text';"], "v.toFixed();"),
    rejected("a wrong overload", ["function over(a: string): 1; function over(a: number): 2; function over(a: any): any { return a; }"], "over(true);"),
    rejected("two declarations of a name in one cell", [], "let twice = 1; let twice = 2;"),
    rejected("a syntax error", [], "const a = ;"),
    rejected("an await that is not at the top", [], "function f() { await 1; }"),
    { name: "an earlier cell's inferred type that has no printable name", steps: ["const make = () => { class Hidden { private a = 1; get b() { return this.a; } } return new Hidden(); }; const hidden = make();", ["console.log(hidden.b + 1);", "2\n"], ["const t: string = hidden.b;", { fails: true }]] },
    { name: "a recursive inferred type and a deep generic one", steps: ["type Json = string | number | Json[] | { [k: string]: Json }; const deep = <T,>(v: T) => ({ v, more: () => ({ v, wrap: [v] as const }) });", ["const j: Json = { a: [1, { b: 'c' }] }; const w: readonly [number] = deep(1).more().wrap; console.log(JSON.stringify(j), w.length);", '{"a":[1,{"b":"c"}]} 1\n']] },
    { name: "an empty array of an earlier cell can be filled", steps: ["const rows = []; let best;", ["rows.push({ a: 1 }); best = 3; console.log(rows.length, best);", "1 3\n"]] },
    { name: "a class of an earlier cell as type and as value, generic", steps: ["class Stack<T> { private items: T[] = []; push(v: T) { this.items.push(v); return this; } pop(): T | undefined { return this.items.pop(); } }", "const s: Stack<number> = new Stack<number>().push(1);", ["const top: number | undefined = s.pop(); console.log(top);", "1\n"]] },
    { name: "a cell that does not check changes nothing", steps: ["let n = 1;", ["n = 2; const wrong: string = 5;", { fails: true }], ["console.log(n);", "1\n"]] },
  ],
};
