/** The exercises of lesson 61.4: a right answer, the stub, an answer nobody foresaw, and one for each misconception. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { judge, todo } from "llmops/course";
import { pairFlops, pretrainingHours, stageChoice, type PairFlops, type PairTokens, type StageChoices } from "llmops/exercises/61-4";
import type { NumberAnswer } from "llmops/exercises/kinds/number";
import { testExercise } from "./support/exercise.ts";

const JSON_ROWS = "800 requests, each with the JSON that should come back";
const MARKED = "3,000 answers that users marked as good or bad, two for each request";
const PRICES = "a price list that changes every morning";
const LANGUAGE = "40 billion tokens of a language that no open model knows";
const LONG = "a chat model that answers well but too long, and 600 long answers with their shortened versions";
const STAGES: StageChoices = { [JSON_ROWS]: "sft", [MARKED]: "dpo", [PRICES]: "none", [LANGUAGE]: "pretraining", [LONG]: "dpo" };

testExercise<StageChoices>(stageChoice, STAGES, undefined, [{ ...STAGES, [JSON_ROWS]: "dpo" }, /does not fit dpo\. Each row has a request and the one answer/], {
  "one stage for all": { [JSON_ROWS]: "sft", [MARKED]: "sft", [PRICES]: "sft", [LANGUAGE]: "sft", [LONG]: "sft" },
  "daily facts trained": { ...STAGES, [PRICES]: "sft" },
  "pairs as examples": { ...STAGES, [LONG]: "sft" },
  "pretraining for a format": { ...STAGES, [JSON_ROWS]: "pretraining" },
  "a language by fine-tuning": { ...STAGES, [LANGUAGE]: "sft" },
});

const OPERATIONS = 6 * 3e9 * 600e9;
const HOURS = OPERATIONS / (989e12 * 0.4) / 3600;

testExercise<NumberAnswer>(pretrainingHours, 7583, undefined, [9000, /The time of the cards together is not 9,000 h: that is too high/], {
  "forward pass only": HOURS / 3,
  "full speed": OPERATIONS / 989e12 / 3600,
  "utilisation on the wrong side": `${((OPERATIONS / 989e12) * 0.4) / 3600} h`,
  "in s": OPERATIONS / (989e12 * 0.4),
  "in min": OPERATIONS / (989e12 * 0.4) / 60,
  "a thousand times": HOURS / 1000,
});
test("61.4/pretraining-hours: any unit of time will do, and no other unit", async () => {
  for (const answer of ["316 days", "7583 hours", "2.73e7 s"]) assert.equal((await judge(pretrainingHours, answer)).outcome, "right", answer);
  assert.equal((await judge(pretrainingHours, "7583 dollars")).outcome, "wrong");
});

const read = ({ prompt, chosen, rejected }: PairTokens): number => 2 * prompt + chosen + rejected;
testExercise<PairFlops>(pairFlops, (tokens, forward) => 3 * forward * read(tokens), () => todo(), [(tokens, forward) => forward * read(tokens), /Prompt 300, chosen 40, rejected 60 tokens, 1\.6e\+10 operations a token: 3\.360e\+13/], {
  "reference forgotten": (tokens, forward) => 2 * forward * read(tokens),
  "prompt once": ({ prompt, chosen, rejected }, forward) => 3 * forward * (prompt + chosen + rejected),
  "too much backward": (tokens, forward) => 4 * forward * read(tokens),
  "answers only": ({ chosen, rejected }, forward) => 3 * forward * (chosen + rejected),
});
