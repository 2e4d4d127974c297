/** The exercises of lesson 65.5, "Persona Evaluation". */
import type { Exercise } from "../course/check.js";
import { choiceAnswer } from "./kinds/choice.js";
import { functionAnswer } from "./kinds/function.js";

/** What a judge says of two places. */
export type Place = "first" | "second" | "tie";
/**
 * Who wins a pair that was judged twice: `straight` with A in the first place, `swapped` with B in the first place. A win holds in both
 * orders, everything else is a tie.
 */
export type SettlePair = (straight: Place, swapped: Place) => "A" | "B" | "tie";

const PLACES: readonly Place[] = ["first", "second", "tie"];
const turned = (place: Place): Place => (place === "first" ? "second" : place === "second" ? "first" : "tie");
const systemOf = (place: Place): "A" | "B" | "tie" => (place === "first" ? "A" : place === "second" ? "B" : "tie");

export const settlePairExercise: Exercise<SettlePair> = {
  id: "65.5/settle-pair",
  hints: [
    "Translate places into systems first. Who stands in the second place of the swapped order?",
    "\"first\" in the straight order and \"second\" in the swapped one both name A.",
    "Only where both orders name the same system has it won. What is left over, in how many ways, is a tie.",
  ],
  ...functionAnswer<SettlePair>({
    cases: PLACES.flatMap((straight) => PLACES.map((swapped) => ({ given: [straight, swapped] as [Place, Place] }))),
    right: (straight, swapped) => (straight === turned(swapped) ? systemOf(straight) : "tie"),
    tell: ([straight, swapped], given, expected) => `The judge says "${straight}" with A in front, and "${swapped}" with B in front: that is ${expected === "tie" ? "a tie" : `a win of ${expected}`}. Your function says ${JSON.stringify(given)}.`,
    mistakes: [
      { name: "not turned back", gives: (straight, swapped) => (straight === swapped ? systemOf(straight) : "tie"), message: "You compare the places as they stand. In the swapped order the first place is B: a judge who always says \"first\" has not found that A is better, but that it likes first places." },
      { name: "the first order alone", gives: (straight) => systemOf(straight), message: "You count the straight order and ignore the other. Then the second question was paid for in vain, and the position bias is in your result." },
      { name: "one of the two is enough", gives: (straight, swapped) => (systemOf(straight) === systemOf(turned(swapped)) ? systemOf(straight) : straight === "tie" ? systemOf(turned(swapped)) : swapped === "tie" ? systemOf(straight) : "tie"), message: "A win in one order and a tie in the other you count as a win. The judge was not sure enough to say it twice: a tie." },
      { name: "the swapped order alone", gives: (_, swapped) => systemOf(turned(swapped)), message: "You count only the swapped order. Both are needed, and they must agree." },
    ],
  }),
  because: "What depends on the order is the order's doing. A verdict that holds both ways is the pair's; the rest are ties, and their share tells you how far the judge can be trusted.",
};

export const PROTOCOL = {
  names: { says: "each reply is shown with the name of its model", why: "Who knows which reply is the tuned one rates the hope and not the text. Forms are blind, and the key stays with whoever does not rate." },
  sides: { says: "the base stands on the left, the tuned model on the right", why: "A rater who prefers the left, or learns that the right is always the new one, decides the study. Sides are drawn for each rater." },
  talk: { says: "raters settle difficult items with each other before they hand in", why: "Then they agree because they talked, and the coefficient measures the talk. They may talk after their forms are in." },
  drop: { says: "items on which raters disagree are left out before agreement is computed", why: "A coefficient of agreement measures disagreement. Without the items that show it, it is near 1 for any form." },
  overlap: { says: "all raters rate the same items", why: "That is needed: agreement exists only where two people rated the same thing." },
  tie: { says: "raters may answer \"tie\", or leave an item open", why: "Forced choices turn \"no difference\" into a coin toss. A tie is an answer." },
  pilot: { says: "ten items are rated first to mend the questions; the study then takes others", why: "A pilot finds questions that people read differently. As long as its items do not count, it does no harm." },
  half: { says: "each model stands on the left in about half of a rater's items", why: "That is how a preference for one side falls on both models alike." },
} as const;
export type ProtocolPart = keyof typeof PROTOCOL;

export const protocolExercise: Exercise<readonly ProtocolPart[]> = {
  id: "65.5/protocol-faults",
  hints: [
    "For each part ask: could a rater's answer now depend on something other than the two replies?",
    "And: is what the coefficient is computed on still what the raters said, each by themselves?",
    "Four of the eight are faults. Two concern what a rater sees, two what happens to the answers.",
  ],
  ...choiceAnswer({ options: PROTOCOL, right: ["names", "sides", "talk", "drop"] }),
  because: "Blind, drawn sides, independent, and nothing taken away afterwards: each of the four faults lets something else than the replies decide, and three of them would make the agreement look better than it is.",
};
