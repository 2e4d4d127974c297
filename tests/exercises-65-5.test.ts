import { todo } from "llmops/course";
import { protocolExercise, settlePairExercise, type Place, type ProtocolPart, type SettlePair } from "llmops/exercises/65-5";
import { testExercise } from "./support/exercise.ts";

type Winner = "A" | "B" | "tie";
const straightWinner = (place: Place): Winner => (place === "first" ? "A" : place === "second" ? "B" : "tie");
const swappedWinner = (place: Place): Winner => (place === "first" ? "B" : place === "second" ? "A" : "tie");

testExercise<SettlePair>(settlePairExercise, (straight, swapped) => (straightWinner(straight) === swappedWinner(swapped) ? straightWinner(straight) : "tie"), () => todo(), [() => "tie", /The judge says "first" with A in front, and "second" with B in front: that is a win of A/], {
  "not turned back": (straight, swapped) => (straight === swapped ? straightWinner(straight) : "tie"),
  "the first order alone": (straight) => straightWinner(straight),
  "one of the two is enough": (straight, swapped) => {
    const found = new Set([straightWinner(straight), swappedWinner(swapped)].filter((winner) => winner !== "tie"));
    return found.size === 1 ? [...found][0]! : "tie";
  },
  "the swapped order alone": (_, swapped) => swappedWinner(swapped),
});

const right: readonly ProtocolPart[] = ["names", "sides", "talk", "drop"];
testExercise<readonly ProtocolPart[]>(protocolExercise, right, undefined, [["names", "elsewhere" as ProtocolPart], /is none of the options/], {
  overlap: [...right, "overlap"],
  tie: [...right, "tie"],
  pilot: [...right, "pilot"],
  half: [...right, "half"],
  "without names": ["sides", "talk", "drop"],
  "without sides": ["names", "talk", "drop"],
  "without talk": ["names", "sides", "drop"],
  "without drop": ["names", "sides", "talk"],
});
