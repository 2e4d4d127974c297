/** How taskling is made, in the smallest size: two tokenizers, a transplant between them, two processes, going on after a stop, a loss on answers alone. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { runPython, trainingPython, WITHOUT } from "./support/training.ts";

const python = (await trainingPython()) ?? "";
const options = { skip: python === "" && WITHOUT };
const folder = mkdtempSync(join(tmpdir(), "workbook-pretrain-"));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Made {
  alike: Record<"first" | "wider", number>;
  done: boolean[];
  kept: boolean;
  mean: boolean;
  first: number[];
  two: number[];
  alone: number[];
  again: number[];
  three: number[];
  /** The loss of the first rows as it is to be, and how many of their tokens have none. */
  "answers alone": [number, number];
  /** Whether those outside stay as they were; how many are the same within; how many there are. */
  titles: [boolean, number, number];
  "resumed apart": number;
  "other start": boolean;
}
const made = python === "" ? undefined : (JSON.parse(runPython(python, "pretrain_tiny.py", [folder]).trim().split("\n").at(-1) ?? "") as Made);

test("under the second tokenizer a word is the same tokens wherever it stands, but for a few", options, () => {
  assert.ok(made!.alike.wider >= 55, `${made!.alike.wider} of 60`);
  assert.ok(made!.alike.first < made!.alike.wider - 20, `${made!.alike.first} of 60 under the first`);
});

test("a transplanted model keeps the rows of tokens that both have, and gives the others the mean of their pieces", options, () => {
  assert.deepEqual([made!.kept, made!.mean], [true, true]);
});

test("where what is asked does not count, the loss is that of answers and texts alone, and it falls", options, () => {
  const [expected, leftOut] = made!["answers alone"], { three } = made!;
  assert.ok(leftOut > 20, `${leftOut} tokens without a loss`);
  assert.ok(Math.abs(three[0]! - expected) < 1e-3, `${three[0]} and ${expected}`);
  assert.ok(three.slice(-20).reduce((sum, loss) => sum + loss, 0) / 20 < three.slice(0, 20).reduce((sum, loss) => sum + loss, 0) / 20, three.join(" "));
});

test("titles are put together freely where a mix asks for it, and only there", options, () => {
  assert.deepEqual(made!.titles, [true, 0, 50]);
});

test("both vocabularies learn, and two processes learn what one does", options, () => {
  for (const losses of [made!.first, made!.two]) assert.ok(losses.slice(-10).every((loss) => loss < losses[0]! - 0.2), losses.join(" "));
  assert.equal(made!.two[0], made!.alone[0]);
  assert.ok(made!.two.every((loss, step) => Math.abs(loss - made!.alone[step]!) < 0.02), `${made!.two.join(" ")} and ${made!.alone.join(" ")}`);
});

test("a run of two processes that goes on from a checkpoint ends with the same weights", options, () => {
  assert.deepEqual([made!.again, made!["resumed apart"]], [made!.two, 0]);
});

test("a finished phase is known by its settings and by the weights that it began with", options, () => {
  assert.deepEqual([...made!.done, made!["other start"]], [true, false, false]);
});
