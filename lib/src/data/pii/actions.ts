import { PII_KINDS, DEFAULT_PII_KINDS, type PiiKind } from "./kinds.js";

/**
 * What is done with a find: `mask` puts `[EMAIL]` in its place, `hash` a keyed pseudonym such as `[EMAIL:3f9a0c5d71be]`,
 * `drop` gives up the whole row, `off` does not look for it.
 */
export const PII_ACTIONS = ["mask", "hash", "drop", "off"] as const;
export type PiiAction = (typeof PII_ACTIONS)[number];

/** Kinds to look for: a list, or what to do with each. */
export type PiiChoice = readonly PiiKind[] | Partial<Record<PiiKind, PiiAction>>;

/** An action for every kind that is looked for. */
export type PiiPlan = Partial<Record<PiiKind, PiiAction>>;

const isList = (choice: PiiChoice): choice is readonly PiiKind[] => Array.isArray(choice);

/**
 * The action for each kind that is looked for.
 *
 * @param action - for kinds that name none
 * @param choice - kinds to look for, with an action of their own where it is a record; default {@link DEFAULT_PII_KINDS}
 * @throws RangeError for a kind or an action that does not exist
 */
export function planPii(action: PiiAction, choice: PiiChoice = DEFAULT_PII_KINDS): PiiPlan {
  const wanted = new Map<string, PiiAction | undefined>();
  if (isList(choice)) for (const kind of choice) wanted.set(kind, action);
  else for (const [kind, own] of Object.entries(choice)) wanted.set(kind, own);
  for (const [kind, own] of wanted) {
    if (!(PII_KINDS as readonly string[]).includes(kind)) throw new RangeError(`"${kind}" is no kind of personal data: use ${PII_KINDS.join(", ")}`);
    if (!PII_ACTIONS.includes(own ?? action)) throw new RangeError(`"${String(own)}" cannot be done with ${kind}: use ${PII_ACTIONS.join(", ")}`);
  }
  const plan: PiiPlan = {};
  for (const kind of PII_KINDS) {
    const own = wanted.has(kind) ? (wanted.get(kind) ?? action) : "off";
    if (own !== "off") plan[kind] = own;
  }
  return plan;
}

/**
 * Reads a choice as it is written on a command line: `email,phone,ssn=drop`, or `all`.
 *
 * @param action - for kinds that name none
 * @throws RangeError for a kind or an action that does not exist
 */
export function parsePiiKinds(text: string, action: PiiAction): PiiPlan {
  const choice: Record<string, PiiAction> = {};
  for (const entry of text.split(",")) {
    const [name = "", own = action] = entry.split("=").map((part) => part.trim());
    for (const kind of name === "all" ? PII_KINDS : [name]) choice[kind] = own as PiiAction;
  }
  return planPii(action, choice);
}
