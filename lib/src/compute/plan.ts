/** A part of a plan: its bytes, how they were computed and where the rule comes from. A term with parts is their sum. */
export interface Term {
  id: string;
  label: string;
  bytes: number;
  /** With the numbers put in. */
  formula: string;
  source: string;
  parts?: readonly Term[];
}

/** A gibibyte, the unit of `nvidia-smi` and PyTorch. */
export const GIB = 2 ** 30;

/** Bytes of terms together. */
export function totalBytes(terms: readonly Term[]): number {
  return terms.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** A term of other terms. */
export function sumOf(id: string, label: string, parts: readonly Term[]): Term {
  return { id, label, bytes: totalBytes(parts), formula: parts.map((part) => part.id).join(" + "), source: "sum", parts };
}

/** Terms with something in them. */
export function present(terms: readonly (Term | false | undefined)[]): Term[] {
  return terms.filter((term): term is Term => term !== false && term !== undefined && term.bytes > 0);
}

/** What a figure counts: tensors that live, blocks the allocator holds, or all that the process takes of the card. */
export const MEASURES = ["allocated", "reserved", "process"] as const;
export type Measure = (typeof MEASURES)[number];

/** Bytes needed at the peak, term by term. */
export interface MemoryPlan {
  kind: "training" | "inference";
  /** The sum of {@link terms}. */
  peakBytes: number;
  lowBytes: number;
  highBytes: number;
  /** Of the phase with the highest peak. */
  terms: readonly Term[];
  /** The moment of the peak. */
  phase: string;
  /** Peaks of all phases, the highest first. */
  phases: readonly { name: string; bytes: number }[];
  measure: Measure;
  /** What the plan took for granted, and what the caller should know. */
  notes: readonly string[];
}

/** Whether a plan fits a card. */
export interface Verdict {
  fits: "yes" | "tight" | "no";
  usableBytes: number;
  /** Negative when it does not fit. */
  spareBytes: number;
  sentence: string;
}

const gib = (bytes: number): string => `${(bytes / GIB).toFixed(2)} GiB`;

/** Holds a plan against a card's memory: `tight` when only the upper end of the band is too much. */
export function judgeFit(plan: MemoryPlan, usableBytes: number, name: string): Verdict {
  const spareBytes = usableBytes - plan.peakBytes;
  const fits = plan.highBytes <= usableBytes ? "yes" : plan.peakBytes <= usableBytes ? "tight" : "no";
  const band = `${gib(plan.peakBytes)} (${gib(plan.lowBytes)} to ${gib(plan.highBytes)})`;
  const sentence = fits === "yes" ? `fits: ${band} of ${gib(usableBytes)} on ${name}`
    : fits === "tight" ? `is tight: ${band} of ${gib(usableBytes)} on ${name}; the upper end of the band does not fit`
      : `does not fit: ${band}, and ${name} has ${gib(usableBytes)}`;
  return { fits, usableBytes, spareBytes, sentence };
}

/** A plan as an indented tree with sizes. */
export function renderPlan(plan: MemoryPlan): string {
  const lines: string[] = [];
  const walk = (terms: readonly Term[], depth: number): void => {
    for (const term of terms) {
      lines.push(`${gib(term.bytes).padStart(10)}  ${"  ".repeat(depth)}${term.label}${term.parts ? "" : `  [${term.formula}]`}`);
      if (term.parts) walk(term.parts, depth + 1);
    }
  };
  walk(plan.terms, 0);
  lines.push(`${"─".repeat(10)}`, `${gib(plan.peakBytes).padStart(10)}  at the peak (${plan.phase}); between ${gib(plan.lowBytes)} and ${gib(plan.highBytes)}`);
  return lines.join("\n");
}

/** The terms as one flat object, parts under `parent.part`. */
export function flattenTerms(terms: readonly Term[], prefix = ""): Record<string, number> {
  return Object.assign({}, ...terms.map((term) =>
    term.parts ? flattenTerms(term.parts, `${prefix}${term.id}.`) : { [`${prefix}${term.id}`]: term.bytes })) as Record<string, number>;
}
