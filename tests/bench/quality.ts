/**
 * What the whole pipeline finds of what the simulator planted: node tests/bench/quality.ts [seeds] [rows a seed]
 *
 * Default: seeds 9001 to 9005, which nobody tuned a rule to, 2,000 rows each at the default rates. Every filter flags rows by
 * what they say alone; the ledger is opened afterwards. Precision and recall with 95% Wilson intervals.
 */
import {
  dedupExact, dedupFuzzy, filterByLength, filterByRules, firstFinding, garbled, maskExample, normalizeExample, parseRow, repeatsRequest, showsLabel, spacing,
  taskApiChecks, type Example,
} from "llmops/data";
import {
  estimateSelfConsistency, filterByScores, filterBySelfConsistency, generateConversations, judgeExamples, judgeRepeatedly, openTeacher, scoreFilter, wilson,
  type DefectKind, type LedgerEntry, type Proportion,
} from "llmops/teacher";

const TODAY = "2026-11-20";
const seeds = (process.argv[2] ?? "9001,9002,9003,9004,9005").split(",").map(Number);
const count = Number(process.argv[3] ?? 2000);
if (seeds.some((seed) => !Number.isInteger(seed)) || !Number.isInteger(count) || count < 1) {
  console.error("usage: node tests/bench/quality.ts [seed,seed,…] [rows a seed]");
  process.exit(2);
}

/** The least scores: a 1 or 2 is what the rubric calls a serious fault. */
const THRESHOLDS = { accuracy: 3, format: 3, completeness: 3 };
/** What a rule's finding stands for. */
const KIND_OF: Readonly<Record<string, DefectKind>> = {
  "off-topic": "off_topic", "wrong-label": "wrong_label", "wrong-date": "wrong_answer", "wrong-priority": "wrong_answer", "wrong-title": "wrong_answer", "due-in-the-past": "wrong_answer",
};
const JUDGED = ["wrong_answer", "wrong_label", "off_topic"] as const;

const idOf = (example: Example | undefined): string => String(example?.extra["id"]);
type Flags = Map<DefectKind, Set<string>>;

interface Measured {
  /** Flags by who flagged: the pipeline as a whole, its rules, one judge, the judge three times, readings that agree. */
  ways: Record<string, Flags>;
  entries: LedgerEntry[];
  rows: string[];
  kept: Set<string>;
  ruled: Set<string>;
  cost: Record<string, number>;
}

const options = (seed: number) => ({ seed, latencyMs: 0, rateLimit: { burst: 1e9, perSecond: 1e9 }, faults: { rateLimit: 0, serverError: 0, hang: 0 } });

async function measure(seed: number): Promise<Measured> {
  await using teacher = await openTeacher({ door: "simulator", env: {}, cache: false, simulator: options(seed) });
  const { rows } = await generateConversations(teacher, { count, today: TODAY, seed });
  const flags: Flags = new Map();
  const flag = (kind: DefectKind, id: string): void => void (flags.get(kind) ?? flags.set(kind, new Set()).get(kind))?.add(id);

  const parsed: Example[] = [];
  for (const row of rows) {
    if (row.value === undefined) { flag("broken_json", row.id); continue; }
    const result = parseRow("sharegpt", row.value);
    if (result.ok) parsed.push(result.example);
    else flag("schema_violation", row.id);
  }
  const dirt = [garbled(), spacing()];
  const normal = parsed.map((example) => {
    const { example: normalized, changes } = normalizeExample(example);
    // One Unicode form for another is no dirt.
    if (Object.entries(changes).some(([change, texts]) => change !== "unicode-form" && texts) || firstFinding(normalized, dirt)) flag("dirty_text", idOf(example));
    return normalized;
  });
  const exact = dedupExact(normal);
  const copies = new Map<string, string[]>();
  for (const { index, duplicateOf } of exact.removed) {
    flag("exact_duplicate", idOf(normal[index]));
    const original = idOf(normal[duplicateOf]);
    copies.set(original, [...(copies.get(original) ?? []), idOf(normal[index])]);
  }
  const fuzzy = dedupFuzzy(exact.kept, { threshold: 0.8 });
  for (const { index } of fuzzy.removed) flag("near_duplicate", idOf(exact.kept[index]));
  const masked = fuzzy.kept.map((example) => {
    const result = maskExample(example);
    if (Object.keys(result.counts).length > 0) flag("pii", idOf(example));
    return result.example;
  });
  const lengths = filterByLength(masked, { minTokens: 20, maxTokens: 512 });
  // Very short rows are the same by chance: a copy that left before it was counted is as short as the row it equals.
  for (const { index, code } of lengths.removed) {
    const id = idOf(masked[index]);
    for (const row of [id, ...(copies.get(id) ?? [])]) flag(code === "too-short" ? "too_short" : "too_long", row);
  }
  // Rows in the wrong encoding are counted under dirt already.
  const ruled = filterByRules(lengths.kept);
  const checks = taskApiChecks();
  const byRule: Flags = new Map(JUDGED.map((kind) => [kind, new Set<string>()]));
  for (const example of ruled.kept) {
    const found = firstFinding(example, checks);
    const kind = found && KIND_OF[found.code];
    if (kind) byRule.get(kind)?.add(idOf(example));
  }
  const cost: Record<string, number> = { generate: teacher.meter.value };
  const spent = async <T>(name: string, work: Promise<T>): Promise<T> => {
    const before = teacher.meter.value;
    const result = await work;
    cost[name] = teacher.meter.value - before;
    return result;
  };
  const examples = ruled.kept;
  const offTopic = checks.find(({ name }) => name === "off-topic");
  const byScores = (judgments: Parameters<typeof filterByScores>[0]): Flags => {
    const found: Flags = new Map(JUDGED.map((kind) => [kind, new Set<string>()]));
    for (const { index, failed } of filterByScores(judgments, THRESHOLDS).removed) {
      const example = examples[index] as Example;
      const low = new Set(failed.map(({ criterion }) => criterion));
      // `format` is about the label and the topic: a rule that knows the topic tells which.
      const kind = !low.has("format") ? "wrong_answer" : offTopic?.find(example) ? "off_topic" : "wrong_label";
      found.get(kind)?.add(idOf(example));
    }
    return found;
  };
  const once = await spent("judge once", judgeExamples(teacher, examples, { today: TODAY }));
  const repeated = await spent("judge 3 times", judgeRepeatedly(teacher, examples, { today: TODAY, rounds: 3, thresholds: THRESHOLDS }));
  cost["5 readings, estimated"] = estimateSelfConsistency(teacher, examples, { today: TODAY }).dollars;
  const consistent = await spent("5 readings", filterBySelfConsistency(teacher, examples, { today: TODAY }));
  const judgedThrice = byScores(repeated.judgments);
  const byReadings: Flags = new Map(JUDGED.map((kind) => [kind, new Set<string>()]));
  for (const { index, field } of consistent.removed) byReadings.get(field === "operation" ? "wrong_label" : "wrong_answer")?.add(idOf(examples[index]));
  byReadings.delete("off_topic");

  // What a rule has named keeps that name; the judge adds what no rule saw.
  const named = new Set([...byRule.values()].flatMap((ids) => [...ids]));
  // What the words show stands against the judge: a label, and an answer that says what the user said.
  const shown: Partial<Record<DefectKind, Set<string>>> = {
    wrong_label: new Set(examples.filter(showsLabel).map(idOf)),
    wrong_answer: new Set(examples.filter((example) => repeatsRequest(example)).map(idOf)),
  };
  const pipeline: Flags = new Map(flags);
  for (const kind of JUDGED) {
    const added = [...(judgedThrice.get(kind) ?? [])].filter((id) => !named.has(id) && !shown[kind]?.has(id));
    pipeline.set(kind, new Set([...(byRule.get(kind) ?? []), ...added]));
  }
  const rejected = new Set([...pipeline].flatMap(([kind, ids]) => (kind === "pii" || kind === "dirty_text" ? [] : [...ids])));
  const entries = teacher.ledger?.entries ?? [];
  return {
    ways: { pipeline, "checks alone": byRule, "judge once": byScores(once.judgments), "judge 3 times": judgedThrice, "5 readings": byReadings },
    entries, rows: rows.map(({ id }) => id), kept: new Set(examples.map(idOf).filter((id) => !rejected.has(id))), ruled: new Set(ruled.removed.map(({ index }) => idOf(lengths.kept[index]))), cost,
  };
}

const share = ({ estimate, low, high, hits, of }: Proportion): string => `${estimate.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}] ${hits}/${of}`;

const runs: Measured[] = [];
for (const seed of seeds) runs.push(await measure(seed));
console.log(`seeds ${seeds.join(", ")}, ${count} rows each, default rates\n`);
for (const way of Object.keys(runs[0]?.ways ?? {})) {
  console.log(`${way}\n${"  kind".padEnd(20)}${"precision".padEnd(32)}${"recall".padEnd(32)}goal 0.95`);
  for (const kind of runs[0]?.ways[way]?.keys() ?? []) {
    const scores = runs.flatMap(({ ways, entries, rows }) => scoreFilter({ entries }, new Map([[kind, ways[way]?.get(kind) ?? new Set<string>()]]), rows));
    const sum = (of: (score: (typeof scores)[number]) => number): number => scores.reduce((total, score) => total + of(score), 0);
    const precision = wilson(sum((s) => s.truePositives), sum((s) => s.flagged));
    const recall = wilson(sum((s) => s.truePositives), sum((s) => s.planted));
    const least = kind === "broken_json" ? 1 : 0.95;
    const reached = precision.estimate >= 0.95 && recall.estimate >= least;
    console.log(`  ${kind.padEnd(18)}${share(precision).padEnd(32)}${share(recall).padEnd(32)}${reached ? "reached" : "MISSED"}`);
    if (way === "pipeline" && !reached) process.exitCode = 1;
  }
  console.log();
}
const mended = new Set<DefectKind>(["pii", "dirty_text"]);
const survivors = runs.flatMap(({ entries, kept }) => entries.filter(({ row, defect }) => kept.has(row) && !mended.has(defect)));
const keptRows = runs.reduce((sum, { kept }) => sum + kept.size, 0);
const ruledRows = runs.flatMap(({ ruled, entries }) => [...ruled].map((id) => entries.find(({ row }) => row === id)?.defect ?? "good"));
console.log(`rows kept ${keptRows}, of them with a planted defect that nothing mended: ${share(wilson(survivors.length, keptRows))}`);
for (const { defect, says } of survivors.slice(0, 10)) console.log(`  ${defect}: ${says}`);
console.log(`rows that the general rules removed: ${ruledRows.length}${ruledRows.length > 0 ? ` (${Object.entries(Object.groupBy(ruledRows, (kind) => kind)).map(([kind, all]) => `${kind} ${all?.length ?? 0}`).join(", ")})` : ""}`);
for (const name of Object.keys(runs[0]?.cost ?? {})) console.log(`$${(runs.reduce((sum, { cost }) => sum + (cost[name] ?? 0), 0) / runs.length).toFixed(4)} a seed: ${name}`);
