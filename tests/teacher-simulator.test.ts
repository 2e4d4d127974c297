// The simulator: what it writes, what it plants, and that both depend on nothing but seed and request.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  DEFAULT_DEFECTS, DEFECT_KINDS, generateConversations, NO_DEFECTS, OPERATIONS, openTeacher, toJsonLines, wilson,
  type DefectKind, type RawRow, type SimulatorOptions, type Teacher,
} from "llmops/teacher";

const TODAY = "2026-11-20";
const QUIET = { rateLimit: 0, serverError: 0, hang: 0 };

interface Turn { from: string; value: string }

async function simulated(options: SimulatorOptions & { concurrency?: number }): Promise<Teacher> {
  const { concurrency = 4, ...simulator } = options;
  return openTeacher({ env: {}, door: "simulator", cache: false, concurrency, simulator: { faults: QUIET, latencyMs: 0, ...simulator } });
}

async function rowsOf(options: SimulatorOptions & { concurrency?: number }, count = 600): Promise<{ rows: RawRow[]; teacher: Teacher }> {
  const teacher = await simulated(options);
  const { rows, failures } = await generateConversations(teacher, { count, batch: 5, today: TODAY, seed: 63 });
  await teacher.close();
  assert.equal(failures.length, 0);
  assert.equal(rows.length, count);
  return { rows, teacher };
}

const turnsOf = (row: RawRow): Turn[] => row.value?.["conversations"] as Turn[];
const said = (turns: Turn[]): string => turns.map((turn) => turn.value).join("\n");
const digest = (text: string): string => createHash("sha256").update(text).digest("hex");

// Written anew here, so that the ledger is not checked by the code that wrote it.
function shingles(text: string): Set<string> {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return new Set(words.slice(2).map((_, i) => words.slice(i, i + 3).join(" ")));
}
function jaccard(a: Set<string>, b: Set<string>): number {
  const shared = [...a].filter((x) => b.has(x)).length;
  return shared / (a.size + b.size - shared || 1);
}

/** The ways to write a day that the assistant knows, worked out by the platform's own formatter. */
function formsOf(iso: string): string[] {
  const day = new Date(`${iso}T00:00:00Z`);
  const form = (month: "long" | "short") => new Intl.DateTimeFormat("en-US", { month, day: "numeric", timeZone: "UTC" }).format(day);
  return [iso, form("long"), form("short"), form("long").split(" ").reverse().join(" ")];
}

test("equal seeds give equal bytes at any concurrency, other seeds do not", async () => {
  const one = await rowsOf({ seed: 5, concurrency: 1 }, 100);
  const many = await rowsOf({ seed: 5, concurrency: 16, latencyMs: 3 }, 100);
  const other = await rowsOf({ seed: 6 }, 100);
  assert.equal(toJsonLines(one.rows), toJsonLines(many.rows));
  assert.deepEqual(one.teacher.ledger?.toJSON(), many.teacher.ledger?.toJSON());
  assert.notEqual(toJsonLines(one.rows), toJsonLines(other.rows));
});

test("faults on the wire change no row and are the same in every run", async () => {
  const faults = { rateLimit: 0.15, serverError: 0.1, hang: 0 };
  const calm = await rowsOf({ seed: 5 }, 60);
  const rough = await rowsOf({ seed: 5, faults, concurrency: 2 }, 60);
  const again = await rowsOf({ seed: 5, faults, concurrency: 8 }, 60);
  assert.equal(toJsonLines(calm.rows), toJsonLines(rough.rows));
  assert.deepEqual(rough.teacher.ledger?.transport, again.teacher.ledger?.transport);
  assert.ok((rough.teacher.ledger?.transport.length ?? 0) > 0);
  assert.equal(rough.teacher.meter.read().retries, again.teacher.meter.read().retries);
});

test("a second process with the same seed writes the same", async () => {
  const script = `
    const { openTeacher, generateConversations, toJsonLines } = require("llmops/teacher");
    (async () => {
      const teacher = await openTeacher({ env: {}, cache: false, simulator: { seed: 11, faults: { rateLimit: 0, serverError: 0, hang: 0 } } });
      const { rows } = await generateConversations(teacher, { count: 40, today: "${TODAY}", seed: 63 });
      process.stdout.write(require("node:crypto").createHash("sha256").update(toJsonLines(rows) + JSON.stringify(teacher.ledger)).digest("hex"));
    })();`;
  // The process ends by itself although nothing closes the simulator: it must not keep a kernel alive.
  const { stdout } = await promisify(execFile)(process.execPath, ["-e", script], { cwd: fileURLToPath(new URL(".", import.meta.url)), timeout: 30_000 });
  const here = await rowsOf({ seed: 11 }, 40);
  assert.equal(stdout, digest(toJsonLines(here.rows) + JSON.stringify(here.teacher.ledger)));
});

test("600 clean conversations: valid, balanced, different from each other", async () => {
  const { rows, teacher } = await rowsOf({ seed: 21, defects: NO_DEFECTS });
  assert.equal(teacher.ledger?.entries.length, 0);
  const counts = new Map<string, number>();
  for (const row of rows) {
    const turns = turnsOf(row);
    assert.ok(turns.length >= 2 && turns.length <= 6, row.text);
    turns.forEach((turn, i) => {
      assert.equal(turn.from, i % 2 === 0 ? "human" : "gpt");
      assert.ok(turn.value.trim() === turn.value && turn.value !== "");
      assert.doesNotMatch(turn.value, /\{\w+\}|undefined|\?\.|\.\.(?!\.)| {2}/);
    });
    const operation = String(row.value?.["operation"]);
    counts.set(operation, (counts.get(operation) ?? 0) + 1);
    assert.equal(row.value?.["id"], row.id);
  }
  for (const operation of OPERATIONS) assert.equal(counts.get(operation), 120);
  const sets = rows.map((row) => shingles(said(turnsOf(row))));
  const near = new Set<number>();
  for (let i = 0; i < sets.length; i++) for (let j = 0; j < i; j++) if (jaccard(sets[i]!, sets[j]!) >= 0.8) near.add(i);
  assert.ok(near.size < 6, `${near.size} of 600 rows are near-duplicates of an earlier one`);
  const openings = new Set(rows.map((row) => said(turnsOf(row)).split(/\s+/).slice(0, 4).join(" ")));
  assert.ok(openings.size > 400, `only ${openings.size} different openings`);
});

test("the assistant's dates are the days the user meant", async () => {
  const { rows } = await rowsOf({ seed: 4, defects: NO_DEFECTS });
  // TODAY is a Friday. Each phrase is checked against a day worked out by hand.
  const days: [RegExp, string[]][] = [
    [/(?<!day after )\btomorrow\b/i, ["2026-11-21", "November 21", "21 November", "Nov 21"]],
    [/\bnext Monday\b/i, ["2026-11-23", "November 23", "23 November", "Nov 23"]],
    [/\bin two weeks\b/i, ["2026-12-04", "December 4", "4 December", "Dec 4"]],
    [/\bend of the month\b/i, ["2026-11-30", "November 30", "30 November", "Nov 30"]],
    [/\ba week from today\b/i, ["2026-11-27", "November 27", "27 November", "Nov 27"]],
    [/\bin three days\b/i, ["2026-11-23", "November 23", "23 November", "Nov 23"]],
    [/\bday after tomorrow\b/i, ["2026-11-22", "November 22", "22 November", "Nov 22"]],
    [/\bthis Thursday\b/i, ["2026-11-26", "November 26", "26 November", "Nov 26"]],
  ];
  let checked = 0;
  for (const row of rows) {
    const [first, second] = turnsOf(row);
    if (!["create", "update"].includes(String(row.value?.["operation"])) || row.value?.["scenario"] !== "happy-path" || !first || !second) continue;
    for (const [phrase, forms] of days) {
      if (!phrase.test(first.value)) continue;
      checked++;
      assert.ok(forms.some((form) => second.value.includes(form)), `${first.value}\n${second.value}`);
    }
  }
  assert.ok(checked >= 8, `only ${checked} dates were checked`);
});

test("defects are planted at the configured rates, over three seeds", async () => {
  const planted = Object.fromEntries(DEFECT_KINDS.map((kind) => [kind, 0])) as Record<DefectKind, number>;
  for (const seed of [1, 2, 3]) {
    const counts = (await rowsOf({ seed })).teacher.ledger?.counts();
    for (const kind of DEFECT_KINDS) planted[kind] += counts?.[kind] ?? 0;
  }
  for (const kind of DEFECT_KINDS) {
    // Four standard deviations: eleven kinds, so a false alarm in fewer than one seed set of a thousand.
    const expected = 1800 * DEFAULT_DEFECTS[kind];
    const slack = 4 * Math.sqrt(expected * (1 - DEFAULT_DEFECTS[kind])) + 1;
    assert.ok(Math.abs(planted[kind] - expected) <= slack, `${kind}: ${planted[kind]} planted, ${expected.toFixed(1)} expected`);
  }
});

test("the ledger tells the truth about every row", async () => {
  const boosted = Object.fromEntries(DEFECT_KINDS.map((kind) => [kind, 0.05])) as Record<DefectKind, number>;
  const { rows, teacher } = await rowsOf({ seed: 9, defects: boosted });
  const byId = new Map(rows.map((row) => [row.id, row]));
  const place = new Map(rows.map((row, i) => [row.id, i]));
  const entries = teacher.ledger?.entries ?? [];
  assert.ok(entries.length > 200);
  for (const kind of DEFECT_KINDS) assert.ok(entries.some((entry) => entry.defect === kind), `no ${kind}`);
  for (const entry of entries) {
    const row = byId.get(entry.row);
    assert.ok(row, entry.row);
    const say = `${entry.defect} ${entry.says}\n${row.text}`;
    switch (entry.defect) {
      case "exact_duplicate":
      case "near_duplicate": {
        const original = byId.get(String(entry.detail["of"]));
        assert.ok(original !== undefined && place.get(original.id)! < place.get(row.id)!, say);
        assert.equal(teacher.ledger?.find(original.id), undefined, "the original is a good row");
        if (entry.defect === "exact_duplicate") assert.deepEqual(turnsOf(row), turnsOf(original));
        else {
          const similarity = jaccard(shingles(said(turnsOf(row))), shingles(said(turnsOf(original))));
          assert.ok(similarity >= 0.8 && similarity < 1, `${similarity} ${say}`);
          assert.equal(similarity.toFixed(4), entry.detail["jaccard"]);
        }
        break;
      }
      case "pii":
        for (const value of entry.detail["values"] as string[]) assert.ok(said(turnsOf(row)).includes(value), say);
        assert.ok(!(entry.detail["values"] as string[]).some((value) => entry.truth["conversations"]?.includes(value)));
        break;
      case "wrong_label":
        assert.equal(row.value?.["operation"], entry.detail["operation"]);
        assert.notEqual(row.value?.["operation"], entry.truth["operation"]);
        break;
      case "wrong_answer": {
        const field = String(entry.detail["field"]);
        assert.notEqual(entry.detail["confirmed"], entry.truth[field], say);
        assert.ok(entry.truth[field], say);
        const last = turnsOf(row).at(-1)?.value ?? "";
        if (field === "due_date") {
          assert.ok(formsOf(String(entry.detail["confirmed"])).some((form) => last.includes(form)), say);
          assert.ok(!formsOf(entry.truth[field] ?? "").some((form) => new RegExp(`(?<!\\d)${form}(?!\\d)`).test(last)), say);
        } else {
          assert.ok(last.includes(String(entry.detail["confirmed"])), say);
          if (field === "title") assert.ok(!last.includes(entry.truth[field] ?? ""), say);
        }
        break;
      }
      case "broken_json":
        assert.equal(row.value, undefined, say);
        assert.doesNotThrow(() => JSON.parse(entry.truth["line"] ?? ""));
        break;
      case "schema_violation": {
        const turns = row.value?.["conversations"];
        const isGood = Array.isArray(turns) && turns.length >= 2 && turns.every((turn: Turn, i) =>
          turn.from === (i % 2 === 0 ? "human" : "gpt") && typeof turn.value === "string" && turn.value.trim() !== "");
        assert.ok(row.value !== undefined && !isGood, say);
        break;
      }
      case "too_long": assert.ok(said(turnsOf(row)).length > 3000, say); break;
      case "too_short": assert.ok(said(turnsOf(row)).split(/\s+/).length <= 4, say); break;
      case "dirty_text": assert.notEqual(JSON.stringify(turnsOf(row)), entry.truth["conversations"]); break;
      case "off_topic": assert.ok(turnsOf(row).length === 2, say); break;
    }
  }
  // Every row outside the ledger is well formed, so that a filter's false alarm is one.
  for (const row of rows) if (teacher.ledger?.find(row.id) === undefined) assert.ok(turnsOf(row).length >= 2);
});

test("it answers curl: says what it is, 404 for other routes, 400 that names the field, 405", async () => {
  const teacher = await simulated({ seed: 1 });
  const post = (body: string) => fetch(`${teacher.door.url}/chat/completions`, { method: "POST", body });
  const models = await fetch(`${teacher.door.url}/models`);
  assert.match(models.headers.get("x-llmops-simulator") ?? "", /not a language model/);
  assert.equal(((await models.json()) as { data: { owned_by: string }[] }).data[0]?.owned_by, "llmops-workbook-simulator");
  const lost = await fetch(`${teacher.door.url}/embeddings`);
  assert.equal(lost.status, 404);
  assert.match(JSON.stringify(await lost.json()), /chat\/completions/);
  const broken = await post("{");
  assert.equal(broken.status, 400);
  const missing = await post(JSON.stringify({ model: teacher.door.model, messages: [{ role: "user", content: 7 }] }));
  assert.equal(missing.status, 400);
  assert.equal(((await missing.json()) as { error: { param: string } }).error.param, "messages[0].content");
  assert.equal((await fetch(`${teacher.door.url}/chat/completions`)).status, 405);
  const good = await post(JSON.stringify({ model: teacher.door.model, messages: [{ role: "user", content: "What is love?" }] }));
  const answer = (await good.json()) as { system_fingerprint: string; choices: { message: { content: string }; finish_reason: string }[]; usage: { total_tokens: number } };
  assert.match(answer.system_fingerprint, /^simulator-/);
  assert.match(answer.choices[0]?.message.content ?? "", /not a language model/);
  assert.ok(answer.usage.total_tokens > 0);
  const free = await post(JSON.stringify({ model: teacher.door.model, messages: [{ role: "user", content: "Write 3 training conversations for a task assistant: create and delete tasks. Today is 2026-11-20." }] }));
  const text = ((await free.json()) as typeof answer).choices[0]?.message.content ?? "";
  assert.deepEqual(text.split("\n").map((line) => /"operation":"(\w+)"/.exec(line)?.[1]), ["create", "delete", "create"]);
  await teacher.close();
});

test("an answer cut at max tokens is marked, and the ledger knows the broken row", async () => {
  const teacher = await simulated({ seed: 3, defects: NO_DEFECTS });
  const full = await teacher.complete({ messages: [{ role: "user", content: "Write 4 training conversations about tasks." }] });
  const cut = await teacher.complete({ messages: [{ role: "user", content: "Write 4 training conversations about tasks." }], maxTokens: 150 });
  assert.equal(cut.finishReason, "length");
  assert.equal(cut.usage.output, 150);
  assert.ok(full.text.startsWith(cut.text));
  const broken = cut.text.split("\n").length - 1;
  assert.equal(teacher.ledger?.find(`${cut.responseId}/${broken}`)?.defect, "broken_json");
  await teacher.close();
});

test("rates that make no sense are refused with the name of the rate", async () => {
  await assert.rejects(simulated({ defects: { pii: 1.5 } }), /defects\.pii/);
  await assert.rejects(simulated({ defects: { pii: 0.6, off_topic: 0.6 } }), /add up/);
  await assert.rejects(simulated({ faults: { rateLimit: -1, serverError: 0, hang: 0 } }), /faults\.rateLimit/);
});

test("the Wilson interval equals published values", () => {
  // Newcombe 1998, Statistics in Medicine 17:857-872, table I, method 3: 81/263, 15/148, 0/20, 1/29.
  for (const [hits, of, low, high] of [[81, 263, 0.2553, 0.3662], [15, 148, 0.0624, 0.1605], [0, 20, 0, 0.1611], [1, 29, 0.0061, 0.1718]] as const) {
    const interval = wilson(hits, of);
    assert.ok(Math.abs(interval.low - low) < 6e-5 && Math.abs(interval.high - high) < 6e-5, JSON.stringify(interval));
  }
  assert.throws(() => wilson(3, 2), RangeError);
});
