/**
 * `npm run bench:bfcl`: our comparison of calls beside the Berkeley Function-Calling Leaderboard's, on all its public cases of one
 * turn in Python's types, with right answers and with answers that were spoilt. Both read the same JSON text. Where they differ,
 * the first answers are printed. Exit status 1 when a verdict differs. `--faults` prints where only the named fault does, `--record`
 * writes the fixture of tests/evaluate-tool-calls.test.ts anew: ten cases with the leaderboard's verdicts.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compareCalls, parseExactly, type ModelCall } from "llmops/evaluate";
import { PYTHON, ROOT, STATE } from "../../tools/paths.ts";
import { CATEGORIES, PACKAGE, prepareBerkeley, readCases, type BerkeleyCase } from "./bfcl/cases.ts";
import { spoil, write, type Spoilt } from "./bfcl/spoil.ts";

/** Small, and together of all types that the rules know. */
const RECORDED = ["simple_python_82", "simple_python_83", "simple_python_94", "simple_python_122", "simple_python_172", "simple_python_335", "live_multiple_27-7-0", "parallel_29", "parallel_multiple_38", "irrelevance_8"];

interface Verdict {
  valid?: boolean;
  error_type?: string;
  raised?: string;
}

/** The leaderboard takes what is no list of objects with one key for no call. */
function callsOf(text: string): ModelCall[] {
  const decoded = parseExactly(text);
  return Array.isArray(decoded) ? (decoded as Record<string, ModelCall["arguments"]>[]).flatMap((call) => Object.entries(call).map(([name, given]) => ({ name, arguments: given }))) : [];
}

function ours({ category, wanted, tools }: BerkeleyCase, { text }: Spoilt): Verdict {
  const found = callsOf(text);
  if (!wanted) {
    const verdict = compareCalls(found, [], tools);
    return { valid: category.endsWith("irrelevance") ? verdict.right : !verdict.right };
  }
  const verdict = compareCalls(found, wanted, tools);
  return verdict.right ? { valid: true } : { valid: false, error_type: verdict.fault };
}

// A difference of the checkers' own names, not of its verdicts: it names the function that found the fault, we do not.
const plainFault = (fault: string | undefined): string | undefined => fault?.replace(/^(simple|multiple|parallel)_function_checker(_no_order)?:/, "");

const folder = prepareBerkeley();
mkdirSync(join(STATE, "bfcl"), { recursive: true });
const scratch = mkdtempSync(join(STATE, "bfcl", "answers-"));
const results: { category: string; cases: number; answers: number; right: number; same: number; sameFault: number; faults: number; raised: number }[] = [];
const differing: string[] = [];
const recorded = new Map<string, { id: string; category: string; tools: unknown; wanted: unknown; answers: [text: string, fault: string | null][] }>();
try {
  for (const category of CATEGORIES) {
    const cases = readCases(folder, category);
    const answers = cases.flatMap((each) => spoil(each).map((answer) => ({ each, answer })));
    const path = join(scratch, `${category}.jsonl`);
    writeFileSync(path, answers.map(({ each: { id }, answer }) => `${JSON.stringify({ category, id, answer: answer.text })}\n`).join(""));
    const { status, stdout, stderr } = spawnSync(PYTHON, [join(import.meta.dirname, "bfcl/peer.py"), folder, path], { encoding: "utf8", maxBuffer: 1 << 28 });
    if (status !== 0) throw new Error(`the leaderboard's checker failed: ${stderr}`);
    const theirs = stdout.trimEnd().split("\n").map((line) => JSON.parse(line) as Verdict);
    const result = { category, cases: cases.length, answers: answers.length, right: 0, same: 0, sameFault: 0, faults: 0, raised: 0 };
    for (const [at, { each, answer }] of answers.entries()) {
      const [our, their] = [ours(each, answer), theirs[at] as Verdict];
      if (their.raised !== undefined) { result.raised++; continue; }
      if (their.valid) result.right++;
      if (RECORDED.includes(each.id)) {
        const kept = recorded.get(each.id) ?? { id: each.id, category, tools: each.tools, wanted: each.wanted ?? [], answers: [] };
        kept.answers.push([answer.text, their.valid ? null : (plainFault(their.error_type) ?? "unwanted_call")]);
        recorded.set(each.id, kept);
      }
      if (our.valid === their.valid) result.same++;
      else differing.push(`${each.id}, ${answer.how}: theirs ${JSON.stringify(their)}, ours ${JSON.stringify(our)}\n  answer ${answer.text}\n  wanted ${JSON.stringify(each.wanted)}`);
      if (their.valid === false && our.valid === false && each.wanted) {
        result.faults++;
        if (plainFault(our.error_type) === plainFault(their.error_type)) result.sameFault++;
        else if (process.argv.includes("--faults")) console.log(`${each.id}, ${answer.how}: theirs ${their.error_type ?? ""}, ours ${our.error_type ?? ""}`);
      }
    }
    results.push(result);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

const total = results.reduce((sum, each) => ({ ...sum, cases: sum.cases + each.cases, answers: sum.answers + each.answers, right: sum.right + each.right, same: sum.same + each.same, sameFault: sum.sameFault + each.sameFault, faults: sum.faults + each.faults, raised: sum.raised + each.raised }));
console.log(`${PACKAGE}, its checker in Python and ours on the same answers`);
console.table([...results, { ...total, category: "all" }].map(({ category, cases, answers, right, same, raised, sameFault, faults }) => (
  { category, cases, answers, "right, theirs": right, "same verdict": `${same} of ${answers - raised}`, "same fault": `${sameFault} of ${faults}`, "theirs raised": raised }
)));
for (const line of differing.slice(0, 20)) console.log(line);
if (process.argv.includes("--record")) {
  const about = { source: `${PACKAGE}, https://github.com/ShishirPatil/gorilla (berkeley-function-call-leaderboard), Apache-2.0: its public cases, answers made by tests/bench/bfcl/spoil.ts, and what its ast_checker says of them` };
  writeFileSync(join(ROOT, "tests", "fixtures", "bfcl.jsonl"), [about, ...recorded.values()].map((row) => `${write(row)}\n`).join(""));
}
process.exitCode = differing.length > 0 ? 1 : 0;
