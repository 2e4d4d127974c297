/** What is different between two datasets: through the command and the API. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { convertFile, publishVersion, type DatasetDiff } from "llmops/data";
import { base, jsonl, llmops, quick, row, WORDS, write, type Row } from "./fixtures/datasets.ts";
import { scratch } from "./support/scratch.ts";

describe("a diff", () => {
  function changed(context: TestContext): { folder: string; a: string; b: string } {
    const folder = scratch(context);
    const { train, test: tests } = base();
    const b = [...train];
    b[2] = { ...b[2], operation: b[2]!["operation"] === "list" ? "create" : "list" };
    b[4] = { ...b[4], messages: [(b[4]!["messages"] as Row[])[0]!, { role: "assistant", content: `${String((b[4]!["messages"] as Row[])[1]!["content"])} indeed` }] };
    b.splice(7, 1);
    b.push(tests[0]!, row(97));
    return { folder, a: write(join(folder, "a"), { train, test: tests }), b: write(join(folder, "b"), { train: b, test: tests.slice(1) }) };
  }

  test("names what was added, removed, relabelled, corrected and moved, and calls out a test row in the training split", (context) => {
    const { folder } = changed(context);
    const human = llmops(folder, "diff", "a", "b");
    assert.equal(human.status, 0, human.stderr);
    assert.match(human.stdout, /22 unchanged, 1 added, 1 removed, 2 changed \(1 relabelled, 1 with other text\), 1 moved/);
    assert.match(human.stdout, /LEAK: 1 row that the first is tested with, and the second trained on/);
    assert.match(human.stdout, /Leaked:\n {2}test:1 -> train:20 \(moved\)/);
    assert.match(human.stdout, /train:3 label \(by id, 1 alike\): operation "\w+" -> "\w+"/);
    assert.match(human.stdout, /train:5 text \(by id, 0\.\d+ alike\): messages .*indeed/);
    assert.match(human.stdout, /Added:\n {2}train:21\n\nRemoved:\n {2}train:8/);
    assert.match(human.stdout, /A major version: 1 row removed; 1 row relabelled; 1 row moved/);
    assert.equal(llmops(folder, "diff", "a", "b", "--exit-code", "--no-tokens").status, 1);
    assert.deepEqual([llmops(folder, "diff", "a", "a", "--exit-code").status, /The same content: 26 rows/.test(llmops(folder, "diff", "a", "a").stdout)], [0, true]);
    const found = JSON.parse(llmops(folder, "diff", "a", "b", "--json", "--limit", "1").stdout) as DatasetDiff;
    assert.deepEqual(found.rows, { unchanged: 22, added: 1, removed: 1, changed: 2, moved: 1, leaked: 1, reordered: false });
    assert.deepEqual([found.changed.length, found.labels, found.b.tokens!.total > 0], [1, ["operation"], true]);
    assert.equal(found.coverage[0]?.field, "operation");
  });

  test("knows rows without ids by their text, and is not misled by ids that were numbered anew", async (context) => {
    const { a, b } = changed(context);
    const renumbered = (folder: string, id: (n: number) => number | undefined): void => {
      for (const name of readdirSync(folder)) {
        const lines = readFileSync(join(folder, name), "utf8").trimEnd().split("\n");
        writeFileSync(join(folder, name), jsonl(lines.map((line, n) => {
          const rest = JSON.parse(line) as Row;
          delete rest["id"];
          const number = id(n);
          return number === undefined ? rest : { ...rest, id: number };
        })));
      }
    };
    for (const folder of [a, b]) renumbered(folder, () => undefined);
    const plain = await quick(a, b);
    assert.deepEqual({ ...plain.rows }, { unchanged: 22, added: 1, removed: 1, changed: 2, moved: 1, leaked: 1, reordered: false });
    assert.deepEqual(plain.changed.map(({ by, kinds }) => [by, kinds]), [["similarity", ["label"]], ["similarity", ["text"]]]);
    // By number, every row after the removed one would be another.
    renumbered(a, (n) => n);
    renumbered(b, (n) => n);
    const numbered = await quick(a, b);
    assert.deepEqual([numbered.rows.added, numbered.rows.removed, numbered.changes.text, numbered.changes.label, numbered.rows.leaked], [1, 1, 1, 1, 1]);
    assert.deepEqual(numbered.leaked, [{ from: { split: "test", line: 1, file: "test.jsonl" }, to: { split: "train", line: 20, file: "train.jsonl" }, how: "moved and changed" }]);
  });

  test("sees a copy of a test row in the training split, a swapped pair, and a format in which all rows are written anew", async (context) => {
    const folder = scratch(context);
    const { train, test: tests } = base();
    const a = write(join(folder, "a"), { train, test: tests });
    const copied = await quick(a, write(join(folder, "b"), { train: [...train, tests[2]!], test: tests }));
    assert.deepEqual([copied.rows.added, copied.rows.moved, copied.leaked.map(({ from, how }) => [from.line, how])], [1, 0, [[3, "copied"]]]);
    assert.equal(copied.bump.bump, "minor");

    // The same with another word, with a few words more, and inside a longer row; a row of A's own that is near is no news.
    const reworded = (test: Row, change: (text: string) => string): Row => ({ ...test, id: "new", messages: (test["messages"] as { role: string; content: string }[]).map(({ role, content }) => ({ role, content: change(content) })) });
    const near: [name: string, row: Row][] = [
      ["another word", reworded(tests[2]!, (text) => text.replace(/^added /, "created "))], ["another id", { ...tests[2]!, id: "new" }],
      ["inside a longer row", reworded(tests[2]!, (text) => (text.startsWith("added") ? `${text}, and ${String((row(99)["messages"] as Row[])[0]!["content"])}` : text))],
    ];
    for (const [name, copy] of near) {
      const found = await quick(a, write(join(folder, name), { train: [...train, copy, row(98)], test: tests }));
      assert.deepEqual([found.rows.added, found.rows.leaked, found.leaked.map(({ from, to, how }) => [from.line, to.line, how])], [2, 1, [[3, 21, "near-copy"]]], name);
      assert.match(llmops(folder, "diff", "a", name).stdout, /LEAK: 1 row .*\n\nLeaked:\n {2}test:3 -> train:21 \(near-copy\)/);
      assert.equal((await quick(join(folder, name), write(join(folder, "again"), { train: [...train, { ...copy, operation: "other" }, row(98)], test: tests }))).rows.leaked, 0, "a change beside the text");
    }
    const rewritten = await quick(a, write(join(folder, "rewritten"), { train: train.map((own, n) => (n === 4 ? { ...near[0]![1], id: own["id"] } : own)), test: tests }));
    assert.deepEqual(rewritten.leaked.map(({ from, to, how }) => [from.line, to.line, how]), [[3, 5, "near-copy"]], "a row that was changed into one");

    const pair = (n: number, swap: boolean): Row => {
      const [one, two] = [[{ role: "assistant", content: `yes ${n}` }], [{ role: "assistant", content: `no ${n}` }]];
      return { id: `p${n}`, prompt: [{ role: "user", content: `ask about ${WORDS[n]} and ${WORDS[n + 1]}` }], chosen: swap ? two : one, rejected: swap ? one : two };
    };
    const pairs = (swap: boolean): Row[] => Array.from({ length: 6 }, (_, n) => pair(n, swap && n === 1));
    const swapped = await quick(write(join(folder, "c"), { train: pairs(false) }), write(join(folder, "d"), { train: pairs(true) }));
    assert.deepEqual([swapped.changes.label, swapped.bump.bump], [1, "major"]);

    mkdirSync(join(folder, "e"));
    for (const split of ["train", "test"]) await convertFile(join(a, `${split}.jsonl`), join(folder, "e", `${split}.jsonl`), { to: "sharegpt", plain: true });
    const reshaped = await quick(a, join(folder, "e"));
    assert.deepEqual([reshaped.changes.format, reshaped.rows.added, reshaped.rows.removed, reshaped.bump.bump], [26, 0, 0, "major"]);
    assert.match(reshaped.bump.reasons[0]!, /sharegpt, it was messages|messages is gone/);
  });

  test("compares files without splits, and versions with folders", async (context) => {
    const { folder, a, b } = changed(context);
    const files = await quick(join(a, "train.jsonl"), join(b, "test.jsonl"));
    assert.deepEqual([files.rows.removed, files.rows.moved, files.a.splits], [20, 0, [{ name: "all", rows: 20 }]]);
    await publishVersion(a, { name: "a", store: join(folder, "s") });
    const versioned = await quick("ds://a@^1", b, { store: join(folder, "s") });
    assert.deepEqual([versioned.a.label, versioned.rows.changed], ["ds://a@1.0.0", 2]);
  });
});
