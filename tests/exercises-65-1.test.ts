import { todo } from "llmops/course";
import { wilson } from "llmops/teacher";
import { changeExercise, needsExercise, type Count, type JudgeChange, type SortNeeds } from "llmops/exercises/65-1";
import { testExercise } from "./support/exercise.ts";

const right: JudgeChange = (before, after) => {
  const [a, b] = [wilson(before.hits, before.of), wilson(after.hits, after.of)];
  return b.low > a.high ? "up" : b.high < a.low ? "down" : "same";
};
const share = ({ hits, of }: Count) => hits / of;
testExercise<JudgeChange>(changeExercise, right, () => todo(), [() => "same", /style, 3 of 60 before and 55 of 60 after/], {
  "estimates alone": (before, after) => (share(after) > share(before) ? "up" : share(after) < share(before) ? "down" : "same"),
  "never falls": (before, after) => (right(before, after) === "up" ? "up" : "same"),
  "the estimate outside one interval": (before, after) => {
    const { low, high } = wilson(before.hits, before.of);
    return share(after) > high ? "up" : share(after) < low ? "down" : "same";
  },
  "up and down swapped": (before, after) => right(after, before),
});

const needs: SortNeeds = { greeting: "style", prices: "prompt", codes: "knowledge", clauses: "prompt", method: "knowledge", apology: "style" };
testExercise<SortNeeds>(needsExercise, needs, undefined, [{ ...needs, method: "prompt" }, /method: not "prompt".*A procedure that is shown and not written/], {
  "what changes is trained": { ...needs, prices: "knowledge" },
  "quotes are trained": { ...needs, clauses: "knowledge" },
  "a voice is looked up": { ...needs, greeting: "prompt" },
  "the method is style": { ...needs, method: "style" },
  "everything into the prompt": { ...needs, codes: "prompt" },
});
