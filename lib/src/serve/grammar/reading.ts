/** How far a text has come in a grammar, and what may follow: what llama.cpp asks of every token before one is taken. */
import { GrammarError } from "./error.js";
import { parseGrammar, type Alternative, type Element, type GrammarRules, type Range } from "./gbnf.js";

/** A place in a grammar, behind some text. */
export interface Reading {
  /** Whether an answer may end here. */
  readonly mayEnd: boolean;
  /** The characters that may come next, as ranges of code points, both ends in, sorted and apart. */
  readonly next: readonly Range[];
  /** The place behind a further piece of text; undefined where the grammar does not let it through. */
  read(text: string): Reading | undefined;
}

/**
 * Reads a grammar in GBNF (without llama.cpp's tokens in angle brackets).
 *
 * @returns the place before the first character
 * @throws GrammarError with the line
 */
export function readGrammar(gbnf: string): Reading {
  const walk = new Walk(parseGrammar(gbnf));
  return walk.at(walk.open([{ rule: "root" }]));
}

/** What is still to come, the nearest first; one and the same object for the same rest, so that sets know it again. */
interface Rest {
  readonly id: number;
  readonly element: Element;
  readonly then: Rest | undefined;
}

// A rule that begins with itself would be opened for ever; llama.cpp refuses such a grammar, too.
const DEEPEST = 10_000;

class Walk {
  readonly #rules: GrammarRules;
  readonly #rests = new Map<Alternative, Map<number, Rest>[]>();
  #count = 0;

  constructor(rules: GrammarRules) {
    this.#rules = rules;
  }

  /** All places that can be reached without a character; undefined among them where the end can. */
  open(alternative: Alternative, then?: Rest): Set<Rest | undefined> {
    const reached = new Set<Rest | undefined>(), seen = new Set<Rest | undefined>();
    const waiting = [this.#rest(alternative, 0, then)];
    while (waiting.length > 0) {
      const rest = waiting.pop();
      if (seen.has(rest)) continue;
      seen.add(rest);
      if (seen.size > DEEPEST) throw new GrammarError("the grammar", "a rule begins with itself");
      if (rest === undefined || "ranges" in rest.element) reached.add(rest);
      else for (const each of this.#rules.get(rest.element.rule) ?? []) waiting.push(this.#rest(each, 0, rest.then));
    }
    return reached;
  }

  at(places: ReadonlySet<Rest | undefined>): Reading {
    return {
      mayEnd: places.has(undefined),
      next: merged([...places].flatMap((rest) => (rest && "ranges" in rest.element ? rest.element.ranges : []))),
      read: (text) => {
        let now = places;
        for (const letter of text) {
          now = this.#step(now, letter.codePointAt(0) ?? 0);
          if (now.size === 0) return undefined;
        }
        return this.at(now);
      },
    };
  }

  #step(places: ReadonlySet<Rest | undefined>, point: number): Set<Rest | undefined> {
    const reached = new Set<Rest | undefined>();
    for (const rest of places) {
      if (rest === undefined || !("ranges" in rest.element) || !rest.element.ranges.some(([low, high]) => low <= point && point <= high)) continue;
      for (const each of this.open([], rest.then)) reached.add(each);
    }
    return reached;
  }

  /** What is left of an alternative from an element on, and then the rest behind it. */
  #rest(alternative: Alternative, from: number, then: Rest | undefined): Rest | undefined {
    const element = alternative[from];
    if (element === undefined) return then;
    const behind = this.#rest(alternative, from + 1, then);
    let places = this.#rests.get(alternative);
    if (!places) this.#rests.set(alternative, (places = alternative.map(() => new Map<number, Rest>())));
    const known = places[from] ?? new Map<number, Rest>();
    const rest = known.get(behind?.id ?? 0) ?? { id: ++this.#count, element, then: behind };
    known.set(behind?.id ?? 0, rest);
    return rest;
  }
}

function merged(ranges: readonly Range[]): Range[] {
  const found: [number, number][] = [];
  for (const [low, high] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = found.at(-1);
    if (last && low <= last[1] + 1) last[1] = Math.max(last[1], high);
    else found.push([low, high]);
  }
  return found;
}
