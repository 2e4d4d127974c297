import { todo } from "llmops/course";
import { argumentFaults, nextTokenExercise, type ArgumentFaults, type NextToken } from "llmops/exercises/66-1";
import { readGrammar } from "llmops/serve";
import { testExercise } from "./support/exercise.ts";

type Skipped = "required" | "unknown" | "enum" | "null" | "fractions" | "coerced" | "rest";
const faults = (...skipped: Skipped[]): ArgumentFaults => (given, { properties, required }) => {
  const found: string[] = [];
  for (const [key, value] of Object.entries(given)) {
    if (!(key in properties)) {
      if (!skipped.includes("unknown")) found.push(`unknown ${key}`);
      continue;
    }
    if (value === null && skipped.includes("null")) continue;
    const { type, enum: values } = properties[key]!;
    const integer = (one: unknown): boolean => (skipped.includes("fractions") ? typeof one === "number" : Number.isInteger(one));
    const fits = type === "string" ? typeof value === "string" : integer(value) || (skipped.includes("coerced") && typeof value === "string" && integer(Number(value)));
    if (!fits) found.push(`type ${key}`);
    else if (values && !values.includes(value as string) && !skipped.includes("enum")) found.push(`value ${key}`);
  }
  if (!skipped.includes("required")) found.unshift(...required.filter((key) => !(key in given)).map((key) => `missing ${key}`));
  return skipped.includes("rest") ? found.slice(0, 1) : found;
};

testExercise<ArgumentFaults>(argumentFaults, faults(), () => todo(), [() => ["type title"], /should give \[\]/], {
  "required forgotten": faults("required"),
  "unknown forgotten": faults("unknown"),
  "enum forgotten": faults("enum"),
  coerced: faults("coerced"),
  "null passes": faults("null"),
  "fractions pass": faults("fractions"),
  "first fault only": faults("rest"),
});

const next = (isLet: (grammar: string, soFar: string, token: string) => boolean): NextToken => (grammar, soFar, scores) => {
  const allowed = Object.entries(scores).filter(([token]) => isLet(grammar, soFar, token));
  return allowed.reduce<[string, number]>((a, b) => (b[1] > a[1] ? b : a), ["none", -1])[0];
};
const right = next((grammar, soFar, token) => (token === "" ? readGrammar(grammar).read(soFar)!.mayEnd : readGrammar(grammar).read(soFar + token) !== undefined));

testExercise<NextToken>(nextTokenExercise, right, () => todo(), [() => "yes", /your function gives "yes"; it should give "no"/], {
  "no grammar": next(() => true),
  "the first that fits": (grammar, soFar, scores) => Object.keys(scores).find((token) => (token === "" ? readGrammar(grammar).read(soFar)!.mayEnd : readGrammar(grammar).read(soFar + token)))!,
  "best or nothing": (grammar, soFar, scores) => {
    const best = next(() => true)(grammar, soFar, scores);
    return best !== "" && readGrammar(grammar).read(soFar + best) ? best : "";
  },
  "the first letter": next((grammar, soFar, token) => (token === "" ? readGrammar(grammar).read(soFar)!.mayEnd : readGrammar(grammar).read(soFar + token.slice(0, 1)) !== undefined)),
  "may end anywhere": next((grammar, soFar, token) => readGrammar(grammar).read(soFar + token) !== undefined),
  "never ends": (grammar, soFar, scores) => {
    const found = right(grammar, soFar, Object.fromEntries(Object.entries(scores).filter(([token]) => token !== "")));
    return found === "none" ? (undefined as unknown as string) : found;
  },
  "from scratch": next((grammar, _, token) => (token === "" ? readGrammar(grammar).mayEnd : readGrammar(grammar).read(token) !== undefined)),
});
