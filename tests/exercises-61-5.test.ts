/** The exercises of lesson 61.5: a right answer, the stub, an answer nobody foresaw, and one for each misconception. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { judge, todo } from "llmops/course";
import { costKinds, paybackExercise, thousandRequests, type CostKinds, type Payback, type Project } from "llmops/exercises/61-5";
import type { NumberAnswer } from "llmops/exercises/kinds/number";
import { testExercise } from "./support/exercise.ts";

const saved = ({ apiPerMonth, ownPerMonth }: Project): number => apiPerMonth - ownPerMonth;
const payback: Payback = (project) => (saved(project) > 0 ? project.monthsToBuild + project.setup / saved(project) : Infinity);

testExercise<Payback>(paybackExercise, payback, () => todo(), [(project) => payback(project) + 1, /Setup \$200, 0 months to build, API \$900 and own \$300 a month: 0\.33 months\. Your function gives 1\.33/], {
  "upside down": (project) => project.monthsToBuild + saved(project) / project.setup,
  "whole bill saved": ({ monthsToBuild, setup, apiPerMonth }) => monthsToBuild + setup / apiPerMonth,
  "building takes no time": (project) => (saved(project) > 0 ? project.setup / saved(project) : Infinity),
  days: (project) => payback(project) * 30,
  "never is not a number below zero": (project) => project.monthsToBuild + project.setup / saved(project),
});

test("61.5/payback: days only after the building months, and Infinity alone wrong, get their own words", async () => {
  const mixed = await judge<Payback>(paybackExercise, (project) => project.monthsToBuild + (project.setup / saved(project)) * 30);
  assert.equal("misconception" in mixed && mixed.misconception, "days");
  const undef = await judge<Payback>(paybackExercise, (project) => (saved(project) > 0 ? payback(project) : (undefined as unknown as number)));
  assert.match(undef.message, /never, so Infinity\. Your function gives undefined/);
});

testExercise<NumberAnswer>(thousandRequests, 0.96, undefined, [3, /The price of 1,000 requests is not \$3: that is far too high/], {
  "always busy": (0.8 / 3600 / 2) * 1000,
  "one hour a day": 0.8 / 20,
  "one request": "$0.00096",
  "utilisation on the wrong side": (0.8 / 3600 / 2) * 1000 * (20_000 / (2 * 86_400)),
  "the whole day": 19.2,
  "in cents": 96,
  "a thousand times": 960,
  sign: -0.96,
});

test("61.5/thousand-requests: cents are as good as dollars, and need their name", async () => {
  assert.equal((await judge(thousandRequests, "96 cents")).outcome, "right");
  assert.equal((await judge(thousandRequests, "0.96 months")).outcome, "wrong");
});

const KINDS: CostKinds = {
  "the rented GPU that serves the model": "monthly", "tokens of the API": "per request", "reading 500 training rows before the first run": "once",
  "retraining every quarter": "monthly", "reading a sample of the answers that users got": "both sides",
};
testExercise<CostKinds>(costKinds, KINDS, undefined, [{ ...KINDS, "tokens of the API": "both sides" }, /"tokens of the API" is not "both sides"\. No request, no tokens/], {
  "server by the request": { ...KINDS, "the rented GPU that serves the model": "per request" },
  "trained once and for all": { ...KINDS, "retraining every quarter": "once" },
  "API by the month": { ...KINDS, "tokens of the API": "monthly" },
  "only one's own is checked": { ...KINDS, "reading a sample of the answers that users got": "monthly" },
  "data forgotten in each month": { ...KINDS, "reading 500 training rows before the first run": "monthly" },
});
