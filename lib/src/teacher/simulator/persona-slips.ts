/** How a persona's replies go wrong, and what the ledger keeps of it. */

export const PERSONA_SLIPS = ["missing_trait", "wrong_persona", "prohibited", "wrong_operation", "wrong_title", "invented_detail", "generic", "too_long"] as const;
export type PersonaSlip = (typeof PERSONA_SLIPS)[number];

/** Shares of replies (0 to 1) with each slip; a reply gets at most one, and none where the slip cannot be done to it. */
export type PersonaSlipRates = Readonly<Record<PersonaSlip, number>>;

/** Style slips are the more frequent, as with a model that follows content better than manner. */
export const DEFAULT_SLIPS: PersonaSlipRates = {
  missing_trait: 0.06, wrong_persona: 0.03, prohibited: 0.03, wrong_operation: 0.02, wrong_title: 0.02, invented_detail: 0.03, generic: 0.02, too_long: 0.01,
};

/** One planted slip. */
export interface PersonaSlipEntry {
  /** `<responseId>/<index>`, index from 0: the id of the row. */
  row: string;
  slip: PersonaSlip;
  /** The trait that is missing, or the prohibition that is broken. */
  trait?: string;
  prohibition?: string;
  /** One sentence for a person. */
  says: string;
}
