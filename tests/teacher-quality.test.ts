// Thresholds a criterion, repeated judging and self-consistency, against the simulator.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRow, type Example } from "llmops/data";
import {
  estimateSelfConsistency, filterByScores, filterBySelfConsistency, generateConversations, judgeExamples, judgeRepeatedly, NO_DEFECTS, openTeacher,
  type DefectRates, type JudgeBias, type Teacher,
} from "llmops/teacher";

const TODAY = "2026-11-20";

async function simulated(defects: Partial<DefectRates> = {}, bias: Partial<JudgeBias> = {}): Promise<Teacher> {
  return openTeacher({ env: {}, door: "simulator", cache: false, simulator: { seed: 5, latencyMs: 0, faults: { rateLimit: 0, serverError: 0, hang: 0 }, defects: { ...NO_DEFECTS, ...defects }, bias } });
}

async function rowsOf(teacher: Teacher, count: number): Promise<Example[]> {
  const { rows } = await generateConversations(teacher, { count, today: TODAY, seed: 5 });
  return rows.flatMap(({ value }) => { const parsed = parseRow("sharegpt", value); return parsed.ok ? [parsed.example] : []; });
}

const idOf = (example: Example | undefined): string => String(example?.extra["id"]);
const opinion = (index: number, scores: Record<string, number>) => ({ index, id: `r${index}`, scores, reason: "because" });

test("a threshold a criterion sees what a mean hides", () => {
  const { kept, removed } = filterByScores([opinion(0, { accuracy: 5, format: 5 }), opinion(1, { accuracy: 1, format: 5 })], { accuracy: 4, format: 3 });
  assert.deepEqual(kept.map(({ index }) => index), [0]);
  assert.deepEqual(removed, [{ index: 1, id: "r1", failed: [{ criterion: "accuracy", score: 1, threshold: 4 }], reason: "accuracy 1, below 4: because" }]);
  assert.throws(() => filterByScores([opinion(0, { accuracy: 5 })], { acuracy: 4 }), /no score for "acuracy"; it has accuracy/);
  assert.throws(() => filterByScores([], {}), /at least one criterion/);
});

test("a drawn order changes who stands first, and gives every example its own scores", async () => {
  await using teacher = await simulated({ off_topic: 0.5 }, { leniency: 0, severity: 0, verbosity: 0, position: 0, noise: 0 });
  const examples = await rowsOf(teacher, 20);
  const straight = await judgeExamples(teacher, examples, { today: TODAY });
  const drawn = await judgeExamples(teacher, examples, { today: TODAY, shuffle: 7 });
  assert.notDeepEqual(drawn.judgments.map(({ responseId }) => responseId), straight.judgments.map(({ responseId }) => responseId));
  assert.deepEqual(drawn.judgments.map(({ index, id, scores }) => ({ index, id, scores })), straight.judgments.map(({ index, id, scores }) => ({ index, id, scores })));
});

test("five rounds find more than one, say how sure they are, and repeat to the same numbers", async () => {
  await using teacher = await simulated({ off_topic: 0.3 }, { leniency: 0.3, severity: 0 });
  const examples = await rowsOf(teacher, 160);
  const options = { today: TODAY, rounds: 5, seed: 2, thresholds: { format: 3 }, minAgreement: 0.9 };
  const { judgments, failures } = await judgeRepeatedly(teacher, examples, options);
  assert.equal(failures.length, 0);
  assert.equal(judgments.length, examples.length);
  assert.deepEqual((await judgeRepeatedly(teacher, examples, options)).judgments, judgments);
  const offTopic = new Set(teacher.ledger?.entries.map(({ row }) => row));
  const missed = (passing: readonly { index: number }[]): number => passing.filter(({ index }) => offTopic.has(idOf(examples[index]))).length;
  const once = await judgeExamples(teacher, examples, { today: TODAY });
  assert.ok(missed(judgments.filter(({ passes }) => passes)) < missed(filterByScores(once.judgments, { format: 3 }).kept), "rounds outvote leniency");
  const torn = judgments.filter(({ abstains }) => abstains);
  assert.ok(torn.length > 0 && torn.every(({ confidence, spread }) => confidence < 0.9 && Math.max(...Object.values(spread)) > 0));
  assert.ok(judgments.every(({ confidence, rounds }) => confidence > 0.5 && confidence <= 1 && rounds === 5));
});

test("readings that agree keep good rows and drop wrong labels and answers, at about the cost that was estimated", async () => {
  await using teacher = await simulated({ wrong_label: 0.2, wrong_answer: 0.2 });
  const examples = await rowsOf(teacher, 120);
  const estimate = estimateSelfConsistency(teacher, examples, { today: TODAY });
  const before = teacher.meter.spent;
  const { kept, removed, consensus, failures } = await filterBySelfConsistency(teacher, examples, { today: TODAY });
  assert.equal(failures.length, 0);
  assert.equal(kept.length + removed.length, examples.length);
  assert.equal(consensus.length, examples.length);
  const cost = teacher.meter.spent - before;
  assert.equal(estimate.requests, 75);
  assert.ok(cost > estimate.dollars / 2 && cost < estimate.dollars * 1.25, `${cost} against ${estimate.dollars}`);
  const planted = new Map(teacher.ledger?.entries.map(({ row, defect }) => [row, defect]));
  const gone = new Set(removed.map(({ index }) => idOf(examples[index])));
  const share = (ids: readonly string[]): number => ids.filter((id) => gone.has(id)).length / ids.length;
  const ids = examples.map(idOf);
  assert.ok(share(ids.filter((id) => planted.get(id) === "wrong_label")) > 0.9);
  assert.ok(share(ids.filter((id) => planted.get(id) === "wrong_answer")) > 0.5);
  assert.ok(share(ids.filter((id) => !planted.has(id))) < 0.1);
  assert.deepEqual((await filterBySelfConsistency(teacher, examples, { today: TODAY })).removed, removed, "seeded and repeatable");
});

test("one reading slips now and then, five together hardly ever", async () => {
  await using teacher = await simulated();
  const examples = await rowsOf(teacher, 40);
  const { consensus } = await filterBySelfConsistency(teacher, examples, { today: TODAY });
  assert.ok(consensus.some((fields) => fields && fields.operation.agreement < 1), "another seed, another reading");
  assert.ok(consensus.every((fields) => fields && fields.operation.agreement >= 0.4));
  await assert.rejects(filterBySelfConsistency(teacher, examples, { today: TODAY, samples: 1 }), /samples must be a whole number of at least 2/);
  await assert.rejects(filterBySelfConsistency(teacher, examples, { today: "tomorrow" }), /today must be a date/);
});

test("the edition of the simulator still writes what it wrote", async () => {
  await using teacher = await openTeacher({ env: {}, door: "simulator", cache: false, simulator: { latencyMs: 0 } });
  const { rows } = await generateConversations(teacher, { count: 600, batch: 5, today: TODAY, seed: 63 });
  const { createHash } = await import("node:crypto");
  const { readFileSync } = await import("node:fs");
  const published = readFileSync(new URL("../datasets/task-api/task_api_train.jsonl", import.meta.url), "utf8").trim().split("\n").map((line) => (JSON.parse(line) as { id: string }).id);
  const ids = new Set(rows.map(({ id }) => id));
  assert.ok(published.every((id) => ids.has(id)), "ids of datasets/task-api");
  const digest = createHash("sha256").update(rows.map(({ text }) => text).join("\n")).digest("hex").slice(0, 16);
  assert.equal(digest, "6f1c5ae87b15eea3", "the simulator writes something else: change EDITION in simulator/server.ts, run lesson 63.7 again, and put the new digest here");
});
