/** Exams of a persona, which one speaks, and comparisons in both orders before a judge. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { comparePairs, confusionOf, examinePersona, examineRows, personaRecogniser } from "llmops/evaluate";
import { personaIds, readPersona, readPersonaRows, repeatedOf, replyOf, requestOf } from "llmops/persona";
import { openTeacher, type JudgeBias } from "llmops/teacher";

const judge = (bias: Partial<JudgeBias>) => openTeacher({ env: {}, door: "simulator", cache: false, simulator: { seed: 5, latencyMs: 0, faults: { rateLimit: 0, serverError: 0, hang: 0 }, bias: { leniency: 0, severity: 0, verbosity: 0, position: 0, noise: 0, ...bias } } });
const master = readPersona("taskmaster");
const rows = readPersonaRows("test", "taskmaster").slice(0, 60);

test("the data passes its own exam; other voices fail it by style, and wrong titles by the task", () => {
  const own = examineRows(master, rows);
  assert.deepEqual([own.adherence.all.hits, own.task.hits, own.of], [60, own.task.of, 60]);
  const plain = examineRows(master, readPersonaRows("test", "neutral").slice(0, 60));
  assert.equal(plain.adherence.all.hits, 0);
  assert.equal(plain.task.hits, plain.task.of);
  const wrong = examinePersona(master, rows, rows.map((_, at) => replyOf(rows[(at + 1) % rows.length]!)));
  assert.ok(wrong.adherence.all.estimate > 0.9 && wrong.task.estimate < 0.1, JSON.stringify(wrong.task));
  assert.ok(wrong.replies.every(({ row, right }) => (right === null) === (row.call === null)));
  assert.throws(() => examinePersona(master, rows, ["one"]), /1 replies to 60 rows/);
  assert.throws(() => examinePersona(master, [], []), /at least one row/);
});

test("the recogniser tells the four voices of the data apart, and says where it cannot", () => {
  const ids = personaIds(), recognise = personaRecogniser(ids.map((id) => readPersona(id)));
  const pairs = ids.flatMap((asked) => readPersonaRows("test", asked).slice(0, 80).map((row) => ({ asked, recognised: recognise(replyOf(row), repeatedOf(row)) })));
  const table = confusionOf(ids, pairs);
  for (const { asked, of, own, leaked } of table) assert.ok(of === 80 && own.estimate > 0.8 && leaked.estimate < 0.05, `${asked}: ${own.estimate}, leaked ${leaked.estimate}`);
  assert.equal(recognise("Colourless green ideas sleep furiously, next!"), "none");
  const [line] = confusionOf(["a", "b"], [{ asked: "a", recognised: "a" }, { asked: "a", recognised: "b" }, { asked: "a", recognised: "none" }, { asked: "b", recognised: "a" }]);
  assert.deepEqual([line!.recognised, line!.own.hits, line!.leaked.hits, line!.of], [{ a: 1, b: 1, several: 0, none: 1 }, 1, 1, 3]);
});

const pairs = rows.slice(0, 40).map((row, at) => ({ request: requestOf(row), first: replyOf(row), second: replyOf(readPersonaRows("test", "neutral")[at]!) }));

test("a judge without a bias finds the voice in both orders, whichever side it stands on", async () => {
  await using teacher = await judge({});
  const found = await comparePairs(teacher, master.traits, pairs);
  assert.deepEqual([found.failures.length, found.wins.A, found.changed.hits, found.firstPlace.estimate], [0, 40, 0, 0.5]);
  assert.ok(found.p < 1e-9);
  const turned = await comparePairs(teacher, master.traits, pairs.map(({ request, first, second }) => ({ request, first: second, second: first })));
  assert.equal(turned.wins.B, 40);
});

test("a judge that favours the first place makes no winner of equals; the swap counts how often it tried", async () => {
  await using teacher = await judge({ position: 0.5 });
  const equals = pairs.map(({ request, first }, at) => ({ request, first, second: pairs[(at + 7) % pairs.length]!.first }));
  const found = await comparePairs(teacher, master.traits, equals);
  assert.ok(found.firstPlace.low > 0.5 && found.changed.estimate > 0.25, `${found.firstPlace.estimate} ${found.changed.estimate}`);
  assert.equal(teacher.ledger?.judgments.filter(({ bias }) => bias === "position").length, found.verdicts.filter(({ straight }) => straight === "A").length + found.verdicts.filter(({ swapped }) => swapped === "B").length);
  assert.ok(found.wins.A < 5 && found.wins.B < 5 && found.p > 0.05, JSON.stringify(found.wins));
  await assert.rejects(comparePairs(teacher, master.traits, []), /at least one pair/);
});
