import { todo } from "llmops/course";
import { findGaps, formalMarks, type FindGaps, type TraitMarks } from "llmops/exercises/65-2";
import { testExercise } from "./support/exercise.ts";

const right: TraitMarks = { where: "opening", shows: ["certainly", "very well", "as you wish", "of course"], spoils: ["!", "'ve", "'m", "'s", "'t", "'ll"] };
testExercise<TraitMarks>(formalMarks, right, undefined, [{ ...right, shows: ["certainly", "very well"] }, /the trait does not show in "As you wish\..*3 more replies are misjudged/], {
  "nothing spoils": { ...right, spoils: [] },
  "looks anywhere": { ...right, where: "anywhere" },
  exclaims: { ...right, spoils: right.spoils.slice(1) },
  "only the contraction that was seen": { ...right, spoils: ["!", "I've"] },
  "marks of the report": { ...right, shows: [...right.shows, "has been"] },
});

const gaps = (count: (requests: readonly string[]) => number, least = 0): FindGaps => (rows, personas, situations, wanted) => personas.flatMap((persona) =>
  situations.filter((situation) => count(rows.filter((row) => row.persona === persona && row.situation === situation).map(({ request }) => request)) < wanted + least).map((situation) => `${persona}/${situation}`));
const different = (requests: readonly string[]) => new Set(requests).size;
testExercise<FindGaps>(findGaps, gaps(different), () => todo(), [() => [], /a persona repeats one request/], {
  "rows instead of requests": gaps(({ length }) => length),
  "only what is there": gaps((requests) => different(requests) || Infinity),
  "enough is a gap": gaps(different, 1),
  "personas mixed": (rows, personas, situations, least) => personas.flatMap((persona) => gaps(different)(rows.map((row) => ({ ...row, persona })), [persona], situations, least)),
});
