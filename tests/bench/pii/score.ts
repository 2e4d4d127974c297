/** Precision and recall of finds against labels. */
import { wilson } from "llmops/teacher";
import { PII_KINDS, type PiiKind } from "llmops/data";
import type { LabelledText } from "./labels.ts";

export interface Find {
  start: number;
  end: number;
  kind: PiiKind;
  score?: number;
}

export interface Score {
  kind: PiiKind | "all";
  labels: number;
  hit: number;
  finds: number;
  right: number;
  /** Labels of which a letter or digit is left by all finds together, of whatever kind. */
  leaked: number;
}

export interface Mistake {
  id: string;
  what: "missed" | "false";
  kind: PiiKind;
  text: string;
  variety?: string;
}

interface Place {
  start: number;
  end: number;
}

/** Half of what the two cover together is covered by both. */
function same(a: Place, b: Place): boolean {
  const both = Math.min(a.end, b.end) - Math.max(a.start, b.start);
  return both > 0 && both / (Math.max(a.end, b.end) - Math.min(a.start, b.start)) >= 0.5;
}

/** Of overlapping finds the one with the highest score stays, then the longest: as a masker has to decide. */
export function resolve(finds: readonly Find[], threshold = 0): Find[] {
  const kept: Find[] = [];
  const ranked = finds.filter(({ score = 1 }) => score >= threshold).sort((a, b) => (b.score ?? 1) - (a.score ?? 1) || b.end - b.start - (a.end - a.start));
  for (const find of ranked) if (!kept.some((other) => find.start < other.end && other.start < find.end)) kept.push(find);
  return kept;
}

export function score(rows: readonly LabelledText[], findsOf: (row: LabelledText) => readonly Find[]): { scores: Score[]; mistakes: Mistake[] } {
  const scores = new Map<PiiKind | "all", Score>([...PII_KINDS, "all" as const].map((kind) => [kind, { kind, labels: 0, hit: 0, finds: 0, right: 0, leaked: 0 }]));
  const mistakes: Mistake[] = [];
  const count = (kind: PiiKind, field: Exclude<keyof Score, "kind">): void => {
    for (const key of [kind, "all"] as const) (scores.get(key) as Score)[field]++;
  };
  for (const row of rows) {
    const finds = findsOf(row);
    for (const label of row.spans) {
      count(label.kind, "labels");
      const text = row.text.slice(label.start, label.end);
      if (finds.some((find) => find.kind === label.kind && same(find, label))) count(label.kind, "hit");
      else mistakes.push({ id: row.id, what: "missed", kind: label.kind, text: `${text}  in  ${row.text}`, variety: label.variety });
      const left = [...text].some((character, i) => /[\p{L}\p{N}]/u.test(character) && !finds.some((find) => find.start <= label.start + i && label.start + i < find.end));
      if (left) count(label.kind, "leaked");
    }
    for (const find of finds) {
      count(find.kind, "finds");
      if (row.spans.some((label) => find.kind === label.kind && same(find, label))) count(find.kind, "right");
      else mistakes.push({ id: row.id, what: "false", kind: find.kind, text: `${row.text.slice(find.start, find.end)}  in  ${row.text}` });
    }
  }
  return { scores: [...scores.values()], mistakes };
}

export function f1({ labels, hit, finds, right }: Score): number {
  const recall = hit / labels, precision = right / finds;
  return precision + recall > 0 ? (2 * precision * recall) / (precision + recall) : 0;
}

const share = (hits: number, of: number): string => {
  if (of === 0) return "–";
  const { estimate, low, high } = wilson(hits, of);
  return `${estimate.toFixed(3)} [${low.toFixed(2)}–${high.toFixed(2)}] ${hits}/${of}`;
};

/** A table of several finders' scores over the same rows. */
export function scoreTable(columns: readonly { name: string; scores: readonly Score[] }[], kinds: readonly (PiiKind | "all")[] = [...PII_KINDS, "all"]): string {
  const lines = [`${"".padEnd(16)}${columns.map(({ name }) => `${name}: precision`.padEnd(36) + "recall".padEnd(32) + "leaked".padEnd(8)).join("")}`];
  for (const kind of kinds) {
    const cells = columns.map(({ scores }) => {
      const found = scores.find((entry) => entry.kind === kind);
      return found ? share(found.right, found.finds).padEnd(36) + share(found.hit, found.labels).padEnd(32) + String(found.leaked).padEnd(8) : "".padEnd(76);
    });
    lines.push(`${kind.padEnd(16)}${cells.join("")}`);
  }
  return lines.join("\n");
}
