// What lesson 63.7 does with the teacher: generate, judge, score filters against the ledger, documents to pairs.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Example } from "llmops/data";
import {
  createPairWriter, generateConversations, judgeExamples, openTeacher, PRICES, scoreFilter, toJsonLines, type DefectKind, type RawRow, type TeacherOptions,
} from "llmops/teacher";
import { listenOnLoopback } from "../lib/dist/http/loopback.js";

const TODAY = "2026-11-20";
const ROLES: Record<string, "user" | "assistant"> = { human: "user", gpt: "assistant" };

function toExamples(rows: readonly RawRow[]): Example[] {
  return rows.flatMap((row): Example[] => {
    const turns = row.value?.["conversations"] as { from: string; value: unknown }[] | undefined;
    if (!Array.isArray(turns) || turns.length < 2 || !turns.every((turn) => turn.from in ROLES && typeof turn.value === "string" && turn.value.trim() !== "")) return [];
    return [{ messages: turns.map((turn) => ({ role: ROLES[turn.from] ?? "user", content: turn.value as string })), extra: { id: row.id, operation: row.value?.["operation"] } }];
  });
}

async function simulated(options: TeacherOptions = {}) {
  return openTeacher({ env: {}, door: "simulator", cache: false, ...options });
}

for (const model of ["gpt-4o-mini", "gpt-6-luna"]) {
  test(`600 rows generated and judged at ${model} prices cost less than $0.15`, async (t) => {
    await using teacher = await simulated({ model, budgetUsd: 0.15 });
    const { rows, failures } = await generateConversations(teacher, { count: 600, today: TODAY });
    const generated = teacher.meter.spent;
    const { judgments, failures: unjudged } = await judgeExamples(teacher, toExamples(rows), { today: TODAY });
    assert.deepEqual([failures.length, unjudged.length, rows.length], [0, 0, 600]);
    assert.ok(judgments.length > 570);
    const { spent, uncertain } = teacher.meter;
    t.diagnostic(`${model}: generated $${generated.toFixed(4)}, judged $${(spent - generated).toFixed(4)}, unanswered at most $${uncertain.toFixed(4)}`);
    assert.ok(spent + uncertain < 0.15);
    // The meter against the published prices, from its own token counts.
    const { inputTokens, outputTokens } = teacher.meter.read();
    const price = PRICES[model];
    assert.ok(price);
    assert.ok(Math.abs(spent - (inputTokens * price.input + outputTokens * price.output) / 1e6) < 1e-9);
  });
}

test("rows: parsed where possible, kept where not, one line each", async () => {
  await using teacher = await simulated({ simulator: { seed: 2, defects: { broken_json: 0.3 } } });
  const { rows } = await generateConversations(teacher, { count: 50, batch: 5, today: TODAY });
  const broken = rows.filter((row) => row.value === undefined);
  assert.ok(broken.length > 3);
  for (const row of broken) assert.equal(teacher.ledger?.find(row.id)?.defect, "broken_json");
  const lines = toJsonLines(rows).trimEnd().split("\n");
  assert.equal(lines.length, 50);
  rows.forEach((row, i) => row.value === undefined ? assert.equal(lines[i], row.text) : assert.equal((JSON.parse(lines[i] ?? "") as { id: string }).id, row.id));
  assert.deepEqual(rows.map((row) => row.id.split("/")[1]), Array.from({ length: 50 }, (_, i) => String(i % 5)));
});

test("a model that fences, indents or wraps its rows is understood", async () => {
  const row = (n: number) => ({ operation: "create", scenario: "happy-path", conversations: [{ from: "human", value: `add ${n}` }, { from: "gpt", value: `added ${n}` }] });
  const shapes = [
    [row(1), row(2)].map((each) => JSON.stringify(each)).join("\n"), `\`\`\`jsonl\n${JSON.stringify(row(1))}\n\n${JSON.stringify(row(2))}\n\`\`\``,
    JSON.stringify([row(1), row(2)]), JSON.stringify({ conversations: [row(1), row(2)] }, null, 2), [row(1), row(2)].map((each) => JSON.stringify(each, null, 2)).join("\n"),
    `[\n${JSON.stringify(row(1))},\n${JSON.stringify(row(2))}\n]`,
  ];
  let n = 0;
  const server = await listenOnLoopback((request, response) => {
    request.resume().on("end", () => response.setHeader("content-type", "application/json").end(JSON.stringify({
      id: `c${n}`, object: "chat.completion", model: "m", choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: shapes[n++] } }], usage: { prompt_tokens: 1, completion_tokens: 1 },
    })));
  });
  await using teacher = await openTeacher({ env: { OPENAI_BASE_URL: `${server.url}/v1` }, model: "m", cache: false, concurrency: 1 });
  const { rows } = await generateConversations(teacher, { count: 12, batch: 2, today: TODAY });
  await server.close();
  assert.deepEqual(rows.map((each) => (each.value?.["conversations"] as { value: string }[] | undefined)?.[0]?.value), shapes.flatMap(() => ["add 1", "add 2"]));
});

test("plans that make no sense are refused by the name of the setting", async () => {
  await using teacher = await simulated();
  await assert.rejects(generateConversations(teacher, { count: 0 }), /count/);
  await assert.rejects(generateConversations(teacher, { batch: 99 }), /batch/);
  await assert.rejects(generateConversations(teacher, { today: "2026-02-30" }), /today.*2026-02-30/);
  await assert.rejects(generateConversations(teacher, { operations: [] }), /operations/);
  await assert.rejects(judgeExamples(teacher, [], { today: TODAY, rubric: [] }), /criterion/);
});

test("an aborted run keeps its rows and says what is missing", async () => {
  const stop = new AbortController();
  await using teacher = await simulated({ concurrency: 2 });
  const { rows, failures } = await generateConversations(teacher, { count: 100, today: TODAY, signal: stop.signal, onProgress: ({ done }) => { if (done === 5) stop.abort(); } });
  assert.ok(rows.length >= 25 && rows.length < 100);
  assert.equal(rows.length + failures.reduce((sum, failure) => sum + failure.rows, 0), 100);
  assert.ok(failures.every((failure) => failure.error.kind === "aborted"));
});

test("the judge finds what it should at about its known weakness, and seldom more", async (t) => {
  const found = { faulty: 0, caught: 0, clean: 0, accused: 0 };
  for (const seed of [1, 2, 3]) {
    await using teacher = await simulated({ simulator: { seed } });
    const { rows } = await generateConversations(teacher, { count: 600, today: TODAY });
    const { judgments } = await judgeExamples(teacher, toExamples(rows), { today: TODAY });
    for (const judgment of judgments) {
      const defect = teacher.ledger?.find(judgment.id ?? "")?.defect;
      const isRejected = judgment.mean < 4;
      if (defect === "wrong_answer" || defect === "wrong_label" || defect === "off_topic") { found.faulty++; if (isRejected) found.caught++; }
      if (defect === undefined) { found.clean++; if (isRejected) found.accused++; }
    }
    assert.ok((teacher.ledger?.judgments.length ?? 0) > 0);
  }
  t.diagnostic(`caught ${found.caught} of ${found.faulty} faulty rows, accused ${found.accused} of ${found.clean} good ones`);
  assert.ok(found.caught / found.faulty > 0.75 && found.caught < found.faulty);
  assert.ok(found.accused / found.clean < 0.035 && found.accused > 0);
});

test("without its biases the judge accuses almost nobody, and bias moves scores as it says", async () => {
  const none = { leniency: 0, severity: 0, verbosity: 0, position: 0, noise: 0 };
  const grade = async (bias: Partial<typeof none>) => {
    await using teacher = await simulated({ simulator: { seed: 4, bias: { ...none, ...bias } } });
    const { rows } = await generateConversations(teacher, { count: 300, today: TODAY });
    const { judgments } = await judgeExamples(teacher, toExamples(rows), { today: TODAY });
    return { judgments, ledger: teacher.ledger };
  };
  const honest = await grade({});
  const lenient = await grade({ leniency: 1 });
  assert.ok(honest.judgments.some(({ mean }) => mean < 4));
  assert.ok(lenient.judgments.every(({ mean }) => mean === 5));
  assert.equal(lenient.ledger?.judgments.length, honest.judgments.filter(({ mean }) => mean < 5).length);
  const good = honest.judgments.filter(({ id }) => honest.ledger?.find(id ?? "") === undefined);
  assert.ok(good.filter(({ mean }) => mean < 4).length / good.length < 0.01);
});

test("scoreFilter: a perfect filter, a blind one, and one that flags too much", async () => {
  await using teacher = await simulated();
  const { rows } = await generateConversations(teacher, { count: 300, today: TODAY });
  const ids = rows.map((row) => row.id);
  assert.ok(teacher.ledger);
  const truth = (kind: DefectKind) => new Set(teacher.ledger?.entries.filter((entry) => entry.defect === kind).map((entry) => entry.row));
  const [perfect, blind, eager] = scoreFilter(teacher.ledger, new Map<DefectKind, ReadonlySet<string>>([["near_duplicate", truth("near_duplicate")], ["pii", new Set()], ["wrong_label", new Set(ids)]]), ids);
  assert.ok(perfect && blind && eager);
  assert.ok(perfect.planted > 0);
  assert.deepEqual([perfect.precision.estimate, perfect.recall.estimate, perfect.f1], [1, 1, 1]);
  assert.ok(perfect.recall.low < 1 && perfect.recall.high === 1);
  assert.deepEqual([blind.truePositives, blind.recall.estimate, blind.f1, blind.precision.of], [0, 0, 0, 0]);
  assert.equal(eager.recall.estimate, 1);
  assert.equal(eager.falsePositives, 300 - eager.planted);
  // Rows that never reached the filter are not held against it.
  const [unseen] = scoreFilter(teacher.ledger, new Map<DefectKind, ReadonlySet<string>>([["pii", new Set()]]), []);
  assert.equal(unseen?.planted, 0);
});

test("documents become pairs whose answers stand in the document", async () => {
  await using teacher = await simulated();
  const write = createPairWriter(teacher, { pairsPerChunk: 4 });
  const text = "A gateway is a server that stands between clients and models. To limit the rate, set a token bucket for each key. If the backend fails, the gateway answers from its cache. Logs are kept for thirty days because auditors ask for them.\n\n```sh\nnpm start\n```\n\n| a | b |\n";
  const examples = await write({ text, heading: "The gateway", source: "docs/gateway.md" });
  assert.ok(examples.length >= 3);
  for (const example of examples) {
    const [question, answer] = example.messages;
    assert.ok(text.includes(answer?.content ?? "\u0000"), answer?.content ?? "");
    assert.match(question?.content ?? "", /[?.]$/);
    assert.equal(example.extra["source"], "docs/gateway.md");
  }
  assert.ok(examples.some((example) => example.messages[0]?.content === "What is a gateway?"));
  assert.equal(new Set(examples.map((example) => example.messages[0]?.content)).size, examples.length);
  assert.deepEqual(await write({ text: "  ", heading: "", source: "x" }), []);
  assert.deepEqual(await write({ text: "```\ncode only\n```", heading: "Code", source: "x" }), []);
});
