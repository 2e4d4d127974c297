/** The adviser of lesson 61.6, behind the simulator: it asks, recommends with planted faults, and takes corrections one by one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Advice, AdviserQuestions, openTeacher, writeAdvicePrompt, writeQuestionsPrompt } from "llmops/teacher";

const FACTS = { requestsPerDay: 10_000, apiDollarsPerRequest: 0.003, serverDollarsPerMonth: 300, setupDollars: 200, format: "schema", wordsPerExample: 50, epochs: 3 };

test("it asks eight questions, and never for the score of the prompt", async () => {
  await using teacher = await openTeacher({ door: "simulator", budgetUsd: 0.01, cache: false });
  const { parsed } = await teacher.complete({ messages: writeQuestionsPrompt("We have an API."), schema: AdviserQuestions });
  assert.equal(new Set(parsed.questions.map(({ question }) => question)).size, 8);
  assert.doesNotMatch(JSON.stringify(parsed), /score|\bexam\b|evaluat/i);
});

test("its payback is upside down until an objection names the sum; what was not objected to stays", async () => {
  await using teacher = await openTeacher({ door: "simulator", budgetUsd: 0.01, cache: false });
  const ask = async (objections: string[] = []) => (await teacher.complete({ messages: writeAdvicePrompt(FACTS, objections), schema: Advice })).parsed;
  const first = await ask();
  assert.deepEqual([first.approach, first.paybackMonths, first.examples, first.trainingTokens], ["fine-tune", 3, 100, 15_000]);
  const second = await ask(["payback: 0.33 months, setup divided by saving", "tokens: 104,100, rows times tokens times epochs"]);
  assert.deepEqual([second.approach, second.paybackMonths, second.examples, second.trainingTokens], ["fine-tune", 0.33, 100, 104_100]);
  const third = await ask(["payback: never, the server costs more", "approach: not yet, because there is no exam"]);
  assert.deepEqual([third.approach, third.paybackMonths], ["not yet", null]);
});
