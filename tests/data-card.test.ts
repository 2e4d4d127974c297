/** What a lesson does with a dataset once it is built: describe it, read it back, look for leaks. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { buildDataset, findLeaks, readExamples, writeDatasetCard, type Example } from "llmops/data";
import { parse } from "yaml";
import { scratch } from "./support/scratch.ts";

const row = (i: number) => JSON.stringify({ messages: [{ role: "user", content: `ask ${i} red${i} blue${i * 3}` }, { role: "assistant", content: `say ${i} up${i * 7} down${i * 11}` }], kind: i % 2 ? "odd" : "even" });
const about = { title: "Odd: a \"test\"", about: "Rows.", license: "apache-2.0", language: ["en"], origin: "By hand.", fields: { messages: "the turns" }, limits: ["None known."] };

test("a dataset card: the Hub's front matter, and numbers that are those of the files", async (context) => {
  const folder = scratch(context);
  writeFileSync(join(folder, "in.jsonl"), [...Array.from({ length: 40 }, (_, i) => row(i)), "{broken"].join("\n"));
  const { out } = await buildDataset({ sources: [join(folder, "in.jsonl")], out: join(folder, "out"), stratify: "kind" });
  const text = await writeDatasetCard(out, about);
  assert.equal(readFileSync(join(out, "README.md"), "utf8"), text);
  const front = parse(text.split("---\n")[1]!) as Record<string, unknown>;
  assert.deepEqual(front, {
    license: "apache-2.0", language: ["en"], pretty_name: about.title, task_categories: ["text-generation"], size_categories: ["n<1K"],
    configs: [{ config_name: "default", data_files: [{ split: "train", path: "train.jsonl" }, { split: "validation", path: "val.jsonl" }, { split: "test", path: "test.jsonl" }] }],
  });
  for (const [name, rows] of [["train", 32], ["val", 4], ["test", 4]] as const) {
    assert.match(text, new RegExp(`\\| ${name} \\| \`${name}\\.jsonl\` \\| ${rows} \\|`));
    assert.equal((await readExamples(join(out, `${name}.jsonl`))).length, rows);
  }
  assert.match(text, /41 rows came in, 40 went out, 1 were rejected/);
  assert.match(text, /\| parse \| [\w-]+ \| 1 \|/);
});

test("a folder without a dataset gets no card", async (context) => {
  const folder = scratch(context);
  await assert.rejects(writeDatasetCard(folder, about), /holds no dataset of this library; build it first/);
});

test("readExamples names the line of the first bad row, and the way on", async (context) => {
  const path = join(scratch(context), "rows.jsonl");
  writeFileSync(path, [row(1), "", row(2), '{"messages": []}'].join("\n"));
  await assert.rejects(readExamples(path), /rows\.jsonl: line 4 has no user turn.*; see all faults with llmops data validate/);
  writeFileSync(path, "{broken");
  await assert.rejects(readExamples(path), /line 1 /);
  writeFileSync(path, "\n");
  assert.deepEqual(await readExamples(path), []);
});

test("findLeaks finds near-copies across splits, and only those", () => {
  const words = (text: string): Example => ({ messages: [{ role: "user", content: text }, { role: "assistant", content: "ok" }], extra: {} });
  const original = "please move the meeting with the landlord to the last friday of next month at noon";
  const train = [words("buy milk and bread"), words(original), words(`${original} sharp`)];
  assert.deepEqual(findLeaks({ train, test: [words("water the plants")] }), []);
  assert.deepEqual(findLeaks({ train, test: [words("water the plants"), words(`${original} thanks`)] }, { threshold: 0.7 }), [
    { members: [{ split: "train", index: 1 }, { split: "train", index: 2 }, { split: "test", index: 1 }] },
  ]);
  assert.deepEqual(findLeaks({ train, test: [words(`${original} thanks`)] }, { threshold: 0.99 }), []);
});
