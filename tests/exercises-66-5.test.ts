import { todo } from "llmops/course";
import { anyOrder, noCallScore, type NoCallScore, type SameCalls } from "llmops/exercises/66-5";
import { testExercise } from "./support/exercise.ts";

const same: SameCalls = (found, wanted) => {
  const [one, other] = [[...found].sort(), [...wanted].sort()];
  return one.length === other.length && one.every((call, at) => call === other[at]);
};
testExercise<SameCalls>(anyOrder, same, () => todo(), [() => true, /\[delete milk, delete milk\] found where .* your function gives true/], {
  "order counts": (found, wanted) => JSON.stringify(found) === JSON.stringify(wanted),
  "found among wanted": (found, wanted) => found.length === wanted.length && found.every((call) => wanted.includes(call)),
  "wanted among found": (found, wanted) => wanted.every((call) => found.includes(call)),
  sets: (found, wanted) => { const [a, b] = [new Set(found), new Set(wanted)]; return a.size === b.size && [...a].every((call) => b.has(call)); },
});

const share = (hits: number, of: number) => hits / of;
const noCall: NoCallScore = (turns) => {
  const hits = turns.filter(({ due, called }) => !due && !called).length;
  return { precision: share(hits, turns.filter(({ called }) => !called).length), recall: share(hits, turns.filter(({ due }) => !due).length) };
};
testExercise<NoCallScore>(noCallScore, noCall, () => todo(), [() => ({ precision: 1, recall: 1 }), /120 turns, 20 without a call due, 26 without a call made your function gives precision 1\.000, recall 1\.000; it should give precision 0\.615, recall 0\.800/], {
  swapped: (turns) => { const { precision, recall } = noCall(turns); return { precision: recall, recall: precision }; },
  "calls instead": (turns) => noCall(turns.map(({ due, called }) => ({ due: !due, called: !called }))),
  "of all turns": (turns) => { const both = turns.filter(({ due, called }) => !due && !called).length / turns.length; return { precision: both, recall: both }; },
  accuracy: (turns) => { const right = turns.filter(({ due, called }) => due === called).length / turns.length; return { precision: right, recall: right }; },
});
