import { todo } from "llmops/course";
import { decideStep, waitFor, type DecideStep, type WaitFor } from "llmops/exercises/66-7";
import { testExercise } from "./support/exercise.ts";

const right: DecideStep = ({ request, key, got }) => {
  if (got === 400 || got === 404) return request === "ask-model" ? "say" : "to-model";
  const isDoubtful = request === "create" && !key && got !== 429 && got !== "no-connection";
  return isDoubtful ? "say" : "repeat";
};
const isRefused: (failed: Parameters<DecideStep>[0]) => boolean = ({ got }) => got === 400 || got === 404;

testExercise<DecideStep>(decideStep, right, () => todo(), [() => "say", /ask-model that got 500: "repeat"/], {
  "repeats refusals": (failed) => (isRefused(failed) ? "repeat" : right(failed)),
  "repeats creates without a key": (failed) => (isRefused(failed) ? right(failed) : "repeat"),
  "never repeats writes": (failed) => (isRefused(failed) ? right(failed) : ["read", "ask-model"].includes(failed.request) ? "repeat" : "say"),
  "only status codes": (failed) => (typeof failed.got === "number" ? right(failed) : "say"),
  "every create is doubtful": (failed) => (!isRefused(failed) && failed.request === "create" && !failed.key ? "say" : right(failed)),
  "refusals of the model's server to the model": (failed) => (isRefused(failed) ? "to-model" : right(failed)),
});

const wait: WaitFor = (retry, draw, { base, cap }, after) => Math.max(after, draw * Math.min(cap, base * 2 ** (retry - 1)));
testExercise<WaitFor>(waitFor, wait, () => todo(), [() => 1, /Retry 1, draw 0.5.*50 ms/], {
  "no cap": (retry, draw, { base }, after) => Math.max(after, draw * base * 2 ** (retry - 1)),
  "no jitter": (retry, _, { base, cap }, after) => Math.max(after, Math.min(cap, base * 2 ** (retry - 1))),
  "cap behind the draw": (retry, draw, { base, cap }, after) => Math.max(after, Math.min(cap, draw * base * 2 ** (retry - 1))),
  "the server not heard": (retry, draw, { base, cap }) => draw * Math.min(cap, base * 2 ** (retry - 1)),
  "added to the server's wish": (retry, draw, { base, cap }, after) => after + draw * Math.min(cap, base * 2 ** (retry - 1)),
  linear: (retry, draw, { base, cap }, after) => Math.max(after, draw * Math.min(cap, base * retry)),
  "doubled at once": (retry, draw, { base, cap }, after) => Math.max(after, draw * Math.min(cap, base * 2 ** retry)),
});
