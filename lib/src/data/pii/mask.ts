import type { CountryCode } from "libphonenumber-js";
import { planPii, type PiiAction, type PiiChoice, type PiiPlan } from "./actions.js";
import { findPii } from "./find.js";
import { PII_MASKS, type PiiKind, type PiiMatch } from "./kinds.js";
import { Pseudonyms } from "./pseudonym.js";

/** Matches by kind; a kind that was not found is absent. */
export type PiiCounts = Partial<Record<PiiKind, number>>;

export interface MaskOptions {
  /** What is done with a find whose kind names nothing else. Default `mask`. */
  mode?: PiiAction;
  /** Kinds to look for, or what to do with each. Default {@link DEFAULT_PII_KINDS}. */
  kinds?: PiiChoice;
  /** Countries whose national phone formats are understood (ISO 3166). Default US, GB, PK, IN, DE, FR. */
  regions?: readonly CountryCode[];
  /** For `hash`: one object for a whole dataset. Default: a new one with a salt of its own, so that nothing links two calls. */
  pseudonyms?: Pseudonyms;
}

/** Options, complete: made once for a dataset. */
export interface Masking {
  readonly plan: PiiPlan;
  readonly kinds: readonly PiiKind[];
  readonly regions: readonly CountryCode[] | undefined;
  readonly pseudonyms: Pseudonyms | undefined;
}

const DEFAULT_PLAN = planPii("mask");
const DEFAULT_MASKING: Masking = { plan: DEFAULT_PLAN, kinds: Object.keys(DEFAULT_PLAN) as PiiKind[], regions: undefined, pseudonyms: undefined };

export function maskingOf(options: MaskOptions): Masking {
  if ((options.mode ?? "mask") === "mask" && !options.kinds && !options.regions) return DEFAULT_MASKING;
  const plan = planPii(options.mode ?? "mask", options.kinds);
  const hashes = Object.values(plan).includes("hash");
  return { plan, kinds: Object.keys(plan) as PiiKind[], regions: options.regions, pseudonyms: hashes ? (options.pseudonyms ?? new Pseudonyms()) : undefined };
}

/** A text after masking. */
export interface MaskedText {
  text: string;
  counts: PiiCounts;
  /** Whether something was found that the row is to be dropped for; the text is then as it was. */
  drop: boolean;
}

/** Finds of the rules and of a model together; where two overlap, the rules' stays. */
function merge(rules: readonly PiiMatch[], more: readonly PiiMatch[]): PiiMatch[] {
  const all = [...rules];
  for (const match of more) if (!all.some((other) => match.start < other.end && other.start < match.end)) all.push(match);
  return all.sort((a, b) => a.start - b.start);
}

/**
 * Masks one text.
 *
 * A find that goes can leave the start of another where there was none (`415-555-2671x@y.org`), so the text is looked
 * through until nothing is found: masking a masked text changes nothing. Each round takes away at least one character that
 * is not a mask's, so the rounds end.
 *
 * @param more - finds of a model in the text as it is given
 */
export function maskText(text: string, masking: Masking, more: readonly PiiMatch[] = []): MaskedText {
  const { plan, kinds, regions, pseudonyms } = masking;
  const counts: PiiCounts = {};
  const look = regions ? { kinds, regions } : { kinds };
  let drop = false;
  let current = text;
  let matches = findPii(text, look);
  if (more.length > 0) matches = merge(matches, more.filter(({ kind }) => plan[kind] !== undefined));
  while (matches.length > 0) {
    let masked = "";
    let from = 0;
    for (const { kind, start, end, text: found } of matches) {
      counts[kind] = (counts[kind] ?? 0) + 1;
      if (plan[kind] === "drop") drop = true;
      masked += current.slice(from, start) + (plan[kind] === "hash" && pseudonyms ? pseudonyms.of(kind, found) : PII_MASKS[kind]);
      from = end;
    }
    if (drop) return { text, counts, drop };
    current = masked + current.slice(from);
    matches = findPii(current, look);
  }
  return { text: current, counts, drop };
}

/**
 * Replaces personal data and secrets in a text by `[EMAIL]`, `[PHONE]`, … (see {@link PII_MASKS}), or by pseudonyms.
 * Masking twice is masking once.
 *
 * @param text - any text
 * @param options - see {@link MaskOptions}; with `mode: "drop"` the text stays as it is and `drop` says that something was found
 * @returns the text and the matches by kind
 * @throws RangeError for a kind or an action that does not exist
 */
export function maskPii(text: string, options: MaskOptions = {}): MaskedText {
  return maskText(text, maskingOf(options));
}
