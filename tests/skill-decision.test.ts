/** The script that the skill llmops-decision-framework carries: it decides as the library does, refuses what is wrong, and says what is missing. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { test } from "node:test";
import { decideApproach, findFlips } from "llmops/decision";
import { TEAMS } from "llmops/exercises/61-3";
import { ROOT, scratch } from "./support/scratch.ts";

const SCRIPT = join(ROOT, "chapters-61-72/61-introduction-to-llmops/skill/decide-use-case.mjs");
const run = (facts: unknown, ...args: string[]) =>
  spawnSync(process.execPath, [SCRIPT, "-", ...args], { encoding: "utf8", input: typeof facts === "string" ? facts : JSON.stringify(facts), cwd: ROOT });

test("the script's decision is the library's, with its reasons and flips; not yet has exit status 1", () => {
  for (const useCase of [TEAMS.support, TEAMS.lawyers]) {
    const { stdout, stderr, status } = run(useCase, "--json");
    assert.equal(stderr, "");
    const answer = JSON.parse(stdout) as { approach: string; reasons: unknown; flips: unknown };
    const decision = decideApproach(useCase);
    assert.equal(answer.approach, decision.approach);
    assert.deepEqual(answer.reasons, decision.reasons);
    assert.equal((answer.flips as unknown[]).length, findFlips(useCase).length);
    assert.equal(status, decision.approach === "not yet" ? 1 : 0);
  }
  assert.match(run(TEAMS.support).stdout, /^support: fine-tune\nFine-tune a model of your own\.\n\nreasons:\n {2}promptScore 78% of 300 \(fine-tune\): [\s\S]*nearest flip: wantedScore from 0\.9 to 0\.8\d+ gives not yet\n[\s\S]*assumed:\n/);
});

test("facts that are wrong are refused with their name and exit status 2", () => {
  for (const [facts, reason] of [["{", /standard input: is no JSON/], [{ ...TEAMS.support, wantedScore: 90 }, /wantedScore: must be a share/], [{ ...TEAMS.support, tokens: 1 }, /tokens: is no fact of a use case/]] as const) {
    const { status, stdout, stderr } = run(facts);
    assert.match(stderr, reason);
    assert.equal(status, 2);
    assert.equal(stdout, "");
  }
});

test("alone in a folder it runs the llmops of the PATH, and says so when there is none", (context) => {
  const folder = scratch(context);
  cpSync(SCRIPT, join(folder, "decide-use-case.mjs"));
  writeFileSync(join(folder, "usecase.json"), JSON.stringify(TEAMS.support));
  const bin = join(folder, "bin");
  mkdirSync(bin);
  const alone = (path: string, ...args: string[]) => spawnSync(process.execPath, ["decide-use-case.mjs", ...args], { cwd: folder, encoding: "utf8", env: { PATH: path } });
  const missing = alone(bin, "usecase.json");
  assert.equal(missing.status, 2);
  assert.match(missing.stderr, /the command llmops is missing.*--workbook PATH.*Do not decide by feeling/);
  assert.match(alone(bin, "none.json").stderr, /none\.json: cannot be read \(ENOENT\)/);
  assert.match(alone(bin, "usecase.json", "--workbook", folder).stderr, /is not the LLMOps Workbook/);
  assert.match(alone(bin, "usecase.json", "--fix").stderr, /there is no option --fix/);
  assert.equal(alone(bin, "--help").status, 0);
  const tool = (text: string) => {
    writeFileSync(join(bin, "llmops"), `#!${process.execPath}\n${text}\n`);
    chmodSync(join(bin, "llmops"), 0o755);
  };
  tool(`require("node:child_process").spawnSync(process.execPath, [${JSON.stringify(join(ROOT, "lib/bin/llmops.cjs"))}, ...process.argv.slice(2)], { stdio: "inherit" });`);
  const found = alone(`${bin}${delimiter}${dirname(process.execPath)}`, "usecase.json");
  assert.equal(found.status, 0, found.stderr);
  assert.match(found.stdout, /^support: fine-tune/);
  tool('console.log(JSON.stringify({ approach: "prompt" }))');
  assert.match(alone(bin, "usecase.json").stderr, /this llmops is older than the skill/);
  tool("process.exit(7)");
  assert.match(alone(bin, "usecase.json").stderr, /llmops decide failed/);
});
