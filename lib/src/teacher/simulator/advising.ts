/** The simulated adviser: asks what everybody asks, and recommends by rules of thumb, with faults that are planted. */
import type { Advice, AdviserQuestions } from "../advice-prompt.js";
import { Random } from "../random.js";

/** What it may ask. Never asked, and so for the student to find: the prompt's score, and the exam that it was measured on. */
const QUESTIONS: AdviserQuestions["questions"] = [
  { about: "volume", question: "How many requests a day do you expect, and how high are the peaks?" },
  { about: "output format", question: "Which form must an answer have: free text, JSON with a schema, a certain style?" },
  { about: "domain language", question: "Which terms does your domain use that a general model may not know?" },
  { about: "examples", question: "How many examples of requests with good answers do you have, and who wrote them?" },
  { about: "latency", question: "How long may an answer take?" },
  { about: "change", question: "How often do the facts or rules behind the answers change?" },
  { about: "privacy", question: "May requests leave your network, and do they hold personal data?" },
  { about: "cost", question: "What does a request cost you today, and what may the project cost?" },
  { about: "documents", question: "Do answers rest on documents, and how long are these?" },
  { about: "breadth", question: "Which different kinds of request must it answer?" },
  { about: "languages", question: "In which languages do people write?" },
  { about: "harm", question: "What is the worst that a wrong answer can do, and who notices it?" },
];
const FIRST = 8;

/** The order, and which of the list, hang on the request. */
export function askQuestions(key: readonly (string | number)[]): AdviserQuestions {
  const random = new Random(...key, "questions");
  const left = [...QUESTIONS];
  return { questions: Array.from({ length: FIRST }, () => left.splice(Math.floor(random.next() * left.length), 1)[0] as AdviserQuestions["questions"][number]) };
}

const numberOf = (value: unknown): number => (typeof value === "number" ? value : 0);

/**
 * Recommends by the facts. Its faults are those that are met most often, all of them planted: it decides without the prompt's score, takes
 * a strict format for a reason to train, counts a word as a token, and turns the payback upside down (saved ÷ setup). An
 * objection that names one of its numbers (`examples`, `tokens`, `payback`, `approach`) corrects that one, and only that one.
 */
export function advise({ facts, objections }: { facts: Record<string, unknown>; objections: readonly string[] }): Advice {
  const about = (word: string): string | undefined => objections.find((text) => text.toLowerCase().startsWith(word));
  const corrected = (word: string): number | undefined => {
    const said = /-?[\d,]+(?:\.\d+)?/.exec(about(word)?.slice(word.length) ?? "")?.[0];
    return said === undefined ? undefined : Number(said.replaceAll(",", ""));
  };
  const saved = numberOf(facts["requestsPerDay"]) * 30 * numberOf(facts["apiDollarsPerRequest"]) - numberOf(facts["serverDollarsPerMonth"]);
  const setup = numberOf(facts["setupDollars"]);
  const examples = corrected("examples") ?? 100;
  const payback = about("payback");
  const isDocuments = numberOf(facts["knowledgeTokens"]) > 0;
  const named = /\b(not yet|fine-tune \+ rag|fine-tune|rag|prompt)\b/.exec(about("approach") ?? "")?.[1] as Advice["approach"] | undefined;
  const reasons = [
    ...(facts["format"] === "schema" ? ["A strict format is learned better than it is prompted."] : []),
    ...(numberOf(facts["requestsPerDay"]) >= 1000 ? ["At this volume a model of your own is cheaper."] : []),
    ...(isDocuments ? ["Your documents hold domain knowledge, which training puts into the model."] : []),
    ...(numberOf(facts["latencyWantedMs"]) > 0 ? ["A small tuned model answers faster."] : []),
  ];
  return {
    approach: named ?? "fine-tune", examples,
    trainingTokens: corrected("tokens") ?? Math.round(examples * numberOf(facts["wordsPerExample"]) * numberOf(facts["epochs"])),
    paybackMonths: payback === undefined ? (setup > 0 ? Math.round((10 * saved) / setup) / 10 : null) : /\bnever\b/.test(payback) ? null : corrected("payback") ?? null,
    reasons: named === undefined ? reasons : [`Changed after the objection: ${about("approach")?.replace(/^approach:\s*/i, "") ?? ""}`],
  };
}
