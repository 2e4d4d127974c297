/**
 * How well personal data and secrets are found, and how fast: node tests/bench/pii-detection.ts [--mistakes]
 * Precision and recall per kind on `datasets/pii-labels`, each with its 95% Wilson interval; beside it Microsoft Presidio's
 * pattern recognisers and detect-secrets on the same texts, in the same run. `--mistakes` lists ours in the half that
 * detectors may be tuned on; those of the held-out half stay unseen.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { findPii, maskPii, PII_KINDS, type PiiKind } from "llmops/data";
import { readLabels, type LabelledText } from "./pii/labels.ts";
import { ROOT } from "../../tools/paths.ts";
import { tryPython } from "../../tools/python-env.ts";
import { f1, resolve, score, scoreTable, type Find } from "./pii/score.ts";

const PACKAGES = ["presidio-analyzer==2.2.366", "detect-secrets==1.5.0"];

interface PeerRun {
  peer: string;
  seconds: number;
  finds: Record<string, Find[]>;
}

function runPeers(rows: readonly LabelledText[]): PeerRun[] {
  const python = tryPython(".venv-bench-pii", PACKAGES);
  if (python === undefined) return [];
  const input = rows.map(({ id, text }) => JSON.stringify({ id, text })).join("\n");
  const { status, stdout, stderr } = spawnSync(python, [join(import.meta.dirname, "pii/peers.py")], { input, encoding: "utf8", maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`the peers failed: ${stderr}`);
  return stdout.trim().split("\n").map((line) => JSON.parse(line) as PeerRun);
}

const rows = readLabels();
const halves = [["tune", rows.filter(({ half }) => half === "tune")], ["held-out", rows.filter(({ half }) => half === "held-out")]] as const;
const megabytes = rows.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0) / 1e6;
const ours = (row: LabelledText): Find[] => findPii(row.text, { kinds: PII_KINDS });

for (const [half, of] of halves) {
  const { scores, mistakes } = score(of, ours);
  console.log(`\n${half}: ${of.length} texts, ${of.filter(({ spans }) => spans.length === 0).length} of them with nothing to find`);
  console.log(scoreTable([{ name: "ours", scores }]));
  if (half === "tune" && process.argv.includes("--mistakes")) for (const { what, kind, id, text } of mistakes) console.log(`  ${what} ${kind} (${id}): ${text}`);
}

const [, tune] = halves[0];
for (const { peer, seconds, finds } of runPeers(rows)) {
  // The peer's best foot: the threshold with the best F1 over the kinds it knows, on the half that is for tuning.
  const known = [...new Set(Object.values(finds).flatMap((found) => found.map(({ kind }) => kind)))].sort((a, b) => PII_KINDS.indexOf(a) - PII_KINDS.indexOf(b));
  const knownOnly = (row: LabelledText): LabelledText => ({ ...row, spans: row.spans.filter(({ kind }) => known.includes(kind)) });
  const at = (threshold: number) => (row: LabelledText) => resolve(finds[row.id] ?? [], threshold);
  const total = (of: readonly LabelledText[], threshold: number): number => f1(score(of.map(knownOnly), at(threshold)).scores.find(({ kind }) => kind === "all") as Parameters<typeof f1>[0]);
  const threshold = [0, 0.1, 0.3, 0.4, 0.5, 0.6, 0.8].reduce((best, candidate) => (total(tune, candidate) > total(tune, best) ? candidate : best), 0);
  for (const [half, of] of halves) {
    console.log(`\n${half}: ${peer}, scores from ${threshold} on (the best on the tuning half), only kinds it knows, beside ours`);
    const only = of.map(knownOnly);
    const kinds: (PiiKind | "all")[] = [...known, "all"];
    console.log(scoreTable([{ name: peer.split(" ")[0] ?? peer, scores: score(only, at(threshold)).scores }, { name: "ours", scores: score(only, (row) => ours(row).filter(({ kind }) => known.includes(kind))).scores }], kinds));
  }
  console.log(`${peer}: ${(megabytes / seconds).toFixed(3)} MB/s on these texts`);
}

/** Median of five. */
function speed(texts: readonly string[], work: (text: string) => unknown): number {
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  const rates = Array.from({ length: 5 }, () => {
    const began = performance.now();
    for (const text of texts) work(text);
    return bytes / 1e3 / (performance.now() - began);
  });
  return rates.sort((a, b) => a - b)[2] as number;
}

const chat = ["train", "val", "test"].flatMap((split) => readFileSync(join(ROOT, `datasets/task-api/task_api_${split}.jsonl`), "utf8").trimEnd().split("\n"))
  .flatMap((line) => (JSON.parse(line) as { conversations: { value: string }[] }).conversations.map(({ value }) => value));
const ordinary = Array.from({ length: 20 }, () => chat).flat();
console.log(`\nspeed, one thread: ordinary chat ${speed(ordinary, (text) => maskPii(text)).toFixed(1)} MB/s (default kinds), ${speed(ordinary, (text) => maskPii(text, { kinds: PII_KINDS })).toFixed(1)} MB/s (all kinds); ` +
  `these texts ${speed(rows.map(({ text }) => text), (text) => maskPii(text)).toFixed(1)} MB/s (default), ${speed(rows.map(({ text }) => text), (text) => maskPii(text, { kinds: PII_KINDS })).toFixed(1)} MB/s (all)`);
