/**
 * Makes `datasets/pii-labels/labels.jsonl` from the templates: node tests/bench/pii/labels.ts
 * The same seed makes the same bytes; a test compares them with the committed file.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PII_KINDS, type PiiKind } from "llmops/data";
import { ROOT } from "../../support/scratch.ts";
import { HELD_OUT, TUNE, type Template } from "./templates.ts";
import { Dice, isHarmless, makeHarmless, makeValue } from "./values.ts";

export const LABELS_FILE = join(ROOT, "datasets/pii-labels/labels.jsonl");

export interface Label {
  start: number;
  end: number;
  kind: PiiKind;
  variety: string;
}

export interface LabelledText {
  id: string;
  half: "tune" | "held-out";
  lang: string;
  text: string;
  spans: Label[];
}

/** Rows from one template: of the harmless ones more, so that they are the majority. */
const COPIES = { found: 4, harmless: 7 };

function fill({ lang, text: pattern }: Template, dice: Dice, id: string, half: LabelledText["half"]): LabelledText {
  const spans: Label[] = [];
  let text = "";
  let from = 0;
  for (const match of pattern.matchAll(/\{([a-z-]+)(?::([\w-]+))?\}/g)) {
    const [slot, name = "", variety] = match;
    text += pattern.slice(from, match.index);
    from = match.index + slot.length;
    if (isHarmless(name)) text += makeHarmless(dice, name);
    else if ((PII_KINDS as readonly string[]).includes(name)) {
      const value = makeValue(dice, name as PiiKind, variety);
      spans.push({ start: text.length, end: text.length + value.text.length, kind: name as PiiKind, variety: value.variety });
      text += value.text;
    } else text += slot; // {token} of a template language
  }
  return { id, half, lang, text: text + pattern.slice(from), spans };
}

/** The same template with other values; one without slots once. */
function copiesOf({ text }: Template): number {
  const slots = [...text.matchAll(/\{([a-z-]+)/g)].map(([, name = ""]) => name);
  return slots.some((name) => (PII_KINDS as readonly string[]).includes(name)) ? COPIES.found : slots.some(isHarmless) ? COPIES.harmless : 1;
}

/** All rows, the same for the same seed. */
export function makeLabels(seed = 63): LabelledText[] {
  const halves = [["tune", TUNE], ["held-out", HELD_OUT]] as const;
  return halves.flatMap(([half, templates], at) => {
    const dice = new Dice(seed + at, at === 0 ? 0 : 1);
    return templates.flatMap((template, t) => {
      const rows = Array.from({ length: copiesOf(template) }, (_, n) => fill(template, dice, `${half}-${t + 1}-${n + 1}`, half));
      return rows.filter((row, n) => rows.findIndex((other) => other.text === row.text) === n);
    });
  });
}

/**
 * A row as a line. A text with a secret is cut inside it, and its pieces stand in an array: no secret scanner then takes
 * the file for a leak. The pieces joined are the text.
 */
export function toLine({ text, ...row }: LabelledText): string {
  const cuts = row.spans.filter(({ kind }) => kind === "secret" || kind === "url-credentials").map(({ start, end, variety }) => (variety === "pem" ? text.indexOf("PRIV", start) + 4 : start + Math.min(3, end - start - 1)));
  const pem = row.spans.filter(({ variety }) => variety === "pem").map(({ start }) => text.indexOf("END PRIV", start) + 8);
  const places = [0, ...[...cuts, ...pem].sort((a, b) => a - b), text.length];
  const pieces = places.slice(1).map((to, i) => text.slice(places[i], to));
  const { id, half, lang, spans } = row;
  return JSON.stringify({ id, half, lang, text: pieces.length === 1 ? text : pieces, spans });
}

export function readLabels(path = LABELS_FILE): LabelledText[] {
  return readFileSync(path, "utf8").trimEnd().split("\n").map((line) => {
    const row = JSON.parse(line) as Omit<LabelledText, "text"> & { text: string | string[] };
    return { ...row, text: [row.text].flat().join("") };
  });
}

if (import.meta.main) {
  mkdirSync(join(LABELS_FILE, ".."), { recursive: true });
  const rows = makeLabels();
  writeFileSync(LABELS_FILE, `${rows.map(toLine).join("\n")}\n`);
  for (const half of ["tune", "held-out"]) {
    const of = rows.filter((row) => row.half === half);
    console.log(`${half}: ${of.length} texts, ${of.filter(({ spans }) => spans.length > 0).length} with something to find, ${of.reduce((sum, { spans }) => sum + spans.length, 0)} spans`);
  }
}
