// ---
// chapter: 61
// lesson: 7
// title: Build Your LLMOps Decision Skill
// layer: Layer 3 (Intelligence Design)
// minutes: 45
// concepts: []
// maps: SC-008 (students graduate with llmops skill)
// prerequisites: lesson 61.3 (the decision framework)
// publishes: skills/llmops-decision-framework
// ---

// %% [markdown]
// The question "should we fine-tune?" comes up in a corridor, and is answered there, from memory. In this lesson you write down how you
// answer it: an **Agent Skill** that asks for facts before it recommends, decides by a program, and says which number would change its mind.
// You check it, and try it on three use cases. For one of them the answer is not to train.
//
// ```
// skills/llmops-decision-framework/
// ├── SKILL.md                      what to ask, the procedure, the traps, the report
// ├── references/facts.md           each fact, how to measure it, and how often it decides
// ├── references/task-api.json      a use case as the script wants it described
// └── scripts/decide-use-case.mjs   decides one use case: approach, reasons, flips, assumptions
// ```

// %% [markdown]
// ## 1. What to ask first
//
// An agent that asks twenty questions gets no answers. So order them: which fact decides most often? Take eight use cases, the five teams of
// lesson 61.3 and three variants of the Task API assistant, and let `findFlips` try every fact of every case alone.

// %%
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { check, judge, showChart, showTable, todo, workbookPath } from "llmops/course";
import { decideApproach, findFlips, LIMITS, type UseCaseInput } from "llmops/decision";
import { TEAMS } from "llmops/exercises/61-3";

const taskApi: UseCaseInput = {
  name: "Task API assistant", requestsPerDay: 10_000, kindsOfRequest: 5, format: "schema", wantedScore: 0.95, heldOut: 300, examples: 500,
  dataMayLeave: true, promptScore: 0.97, promptVersions: 4, apiDollarsPerRequest: 0.003, serverDollarsPerMonth: 300,
  serverRequestsPerDay: 50_000, setupDollars: 200, budgetDollars: 500,
};
const useCases: UseCaseInput[] = [
  ...Object.values(TEAMS),
  taskApi,
  { ...taskApi, name: "Task API, today's price", apiDollarsPerRequest: 0.0001 },
  { ...taskApi, name: "Task API, prompt misses", promptScore: 0.8, apiDollarsPerRequest: 0.0001 },
];
const flipsOf = useCases.map((useCase) => findFlips(useCase));
const near = (factor: number | undefined) => factor === undefined || (factor <= 2 && factor >= 0.5);
const facts = [...new Set(flipsOf.flatMap((flips) => flips.map(({ fact }) => fact)))].map((fact) => {
  const cases = flipsOf.map((flips) => flips.filter((flip) => flip.fact === fact));
  return {
    fact,
    "known in": useCases.filter((useCase) => useCase[fact] !== undefined).length,
    "can decide in": cases.filter((flips) => flips.length > 0).length,
    "within a factor of 2, or yes or no": cases.filter((flips) => flips.some(({ factor }) => near(factor))).length,
  };
}).sort((a, b) =>
  b["within a factor of 2, or yes or no"] - a["within a factor of 2, or yes or no"] || b["can decide in"] - a["can decide in"]);
showTable(facts, { caption: `${useCases.length} use cases; each fact changed alone` });

// %% tags=["folded"]
const bars = facts.flatMap((row) => {
  const close = row["within a factor of 2, or yes or no"];
  return [
    { fact: row.fact, cases: close, how: "by a factor of 2 at most" },
    { fact: row.fact, cases: row["can decide in"] - close, how: "by more" },
  ];
});
await showChart(
  {
    title: "Which facts decide",
    height: 24 * facts.length,
    width: 420,
    data: { values: bars },
    mark: { type: "bar", height: 14 },
    encoding: {
      y: { field: "fact", type: "nominal", sort: null, title: null, axis: { labelLimit: 260 } },
      x: { field: "cases", type: "quantitative", title: `use cases of ${useCases.length} that it flips alone`, axis: { tickMinStep: 1, format: "d" } },
      color: { field: "how", type: "nominal", title: "it must change", sort: null, scale: { range: ["#0072B2", "#9cc9e8"] } },
    },
  },
  `Use cases of ${useCases.length} that a fact flips alone, and how many of them by a factor of at most 2 (or by yes or no): ` +
    facts.map((row) => `${row.fact} ${row["can decide in"]}, ${row["within a factor of 2, or yes or no"]}`).join("; ") + ".",
);

// %% [markdown]
// Eight cases are no survey, and somebody chose them. But the order is telling: at the top stand what is wanted, what the prompt scores and whether
// data may leave; prices come later. The skill begins with these, and stops where the first ones have no answer.
//
// ## 2. The traps, each with its number
//
// Five mistakes that recommendations make again and again. The cell computes each on the Task API assistant.

// %%
const money = decideApproach(taskApi).evidence.money;
const days = money?.paybackDays ?? 0;
const upsideDown = (money?.savedDollars ?? 0) / (money?.setupDollars ?? 1);
const cheap = decideApproach({ ...taskApi, apiDollarsPerRequest: 0.0001 }).evidence.money;
const broken = { ...taskApi, promptScore: 0.8, formatFailures: 0.9, apiDollarsPerRequest: 0.0001 };
const handbook = { ...taskApi, promptScore: 0.8, knowledgeFailures: 0.9, knowledgeTokens: 80_000, apiDollarsPerRequest: 0.0001 };
const inSmallExam = (score: number, heldOut: number) => {
  const { low, high } = decideApproach({ ...taskApi, promptScore: score, heldOut }).evidence.score ?? { low: 0, high: 1 };
  return `${(100 * low).toFixed(0)} to ${(100 * high).toFixed(0)}%`;
};
const percent = (value: number) => `${(100 * value).toFixed(0)}%`;
const traps = [
  {
    trap: "The payback is upside down.",
    number:
      `$${money?.setupDollars} spent once against $${money?.savedDollars.toFixed(0)} saved a month is back after ` +
      `${days.toFixed(0)} days. Divided the wrong way round it reads ${upsideDown.toFixed(0)} months.`,
  },
  {
    trap: "Volume is not money.",
    number:
      `10,000 requests a day at $0.0001 are $${cheap?.apiDollars.toFixed(0)} a month by API, and $${cheap?.ownDollars.toFixed(0)} ` +
      "with a server of one's own: nothing is ever saved.",
  },
  {
    trap: "A strict format is no reason to train.",
    number:
      `Where 90% of the failures are broken JSON, enforcing the schema lifts ${percent(broken.promptScore)} to at most ` +
      `${percent(decideApproach(broken).evidence.ceiling)}, and the answer is "${decideApproach(broken).approach}".`,
  },
  {
    trap: "Facts are not behaviour.",
    number:
      `Where 90% of the failures lack a fact of an 80,000-token handbook, retrieval lifts ${percent(handbook.promptScore)} to at most ` +
      `${percent(decideApproach(handbook).evidence.ceiling)}, and the answer is "${decideApproach(handbook).approach}".`,
  },
  {
    trap: "A score without an exam's size says nothing.",
    number:
      `90% right of 20 requests can be ${inSmallExam(0.9, 20)} in truth, of 300 requests ${inSmallExam(0.9, 300)}.`,
  },
];
showTable(traps, { caption: "Five traps" });

// %% [markdown]
// ## 3. Write the skill
//
// The description decides whether an agent opens the skill at all, so it holds the words in which people ask: "should we fine-tune", "RAG or
// fine-tuning", "is it worth it". Change the text here, not in the file: the cell after the next writes it anew.

// %%
const NAME = "llmops-decision-framework";
const front = [
  `name: ${NAME}`,
  "description: >-",
  "  Decides whether a use case of a language model calls for a better prompt, retrieval (RAG), fine-tuning,",
  "  both, or for an evaluation first: asks for measurable facts, gives reasons, and names the fact that would",
  "  change the decision. Use when somebody asks whether to fine-tune or train a model, RAG or fine-tuning,",
  "  whether a model of their own pays, or what data a fine-tuning needs, even if they already say that they",
  "  want to train.",
  "license: Apache-2.0",
  'compatibility: "Node 20 or newer; the script runs the llmops command of the LLMOps Workbook"',
  "metadata:",
  '  version: "1.0"',
].join("\n");

const body = [
  "# LLMOps decision framework",
  "",
  "Think like the lead who will be asked in a year what the model has brought. Ask, then decide by the",
  "program, then say what would change your mind.",
  "",
  "## When to use it",
  "",
  "- Before anybody collects data, rents a card or writes a plan for training.",
  "- When a prompt has stopped getting better, or a bill or a delay has become too large.",
  "- Not for choosing a base model or a recipe, and not for memory: other skills plan those.",
  "",
  "## Ask first",
  "",
  "In this order: the first ones decide most often. A fact that nobody knows is left out of the file, never",
  "guessed. What each means and how to measure it: [the facts](references/facts.md).",
  "",
  "1. Which score is wanted, decided by whom? On how many held-out requests is it measured?",
  "2. What does the best prompt score there, of how many prompts, and with which model? Without a score or",
  "   an exam, say \"not yet\" and stop: help to build the exam.",
  "3. May requests leave the house? If not, only the score of an own model counts.",
  "4. What are the failures made of: missing facts, broken form, or behaviour?",
  "5. How many kinds of request, how many reviewed examples, what does one more cost?",
  "6. How often do right answers change, and how long are the documents behind them?",
  "7. Requests a day, dollars a request today, server, operations, training, budget? Delay wanted and measured?",
  "",
  "## Procedure",
  "",
  "1. Write the facts into a file, in the form of [the example](references/task-api.json).",
  "2. Decide it, from the folder of the skill:",
  "",
  "   ```",
  "   node scripts/decide-use-case.mjs usecase.json",
  "   ```",
  "",
  "   Exit status 0: decided; 1: not yet, something is missing; 2: it cannot be decided, and the message",
  "   names the fact. If the command is missing, say so and stop: do not decide by feeling instead.",
  "3. Read the reasons that decide. For each, ask the person whether its number is right.",
  "4. Look at the nearest flip. If the true value may lie beyond it, have that fact measured first.",
  "5. Start with the mildest way that is enough: prompt, then enforced schema and retrieval, then training.",
  "6. Where it says fine-tune: write the success criterion and the exam down before any data is made, and plan",
  "   the whole cycle, with who retrains and who watches.",
  "7. Decide again when a fact changes: a price, a score, a rule.",
  "",
  "## Traps",
  "",
  "Numbers of one use case; [how they were computed](references/facts.md). Compute yours.",
  "",
  ...traps.map(({ trap, number }) => `- **${trap}** ${number}`),
  "",
  "## Report",
  "",
  "Five parts, in this order:",
  "",
  "- The approach in one of five words: prompt, rag, fine-tune, fine-tune + rag, not yet.",
  "- What is missing first, where it is not yet.",
  "- The reasons that decided, each with its fact and value. No others.",
  "- The nearest flip: which fact, at what value, gives what.",
  "- Every assumption that the script lists.",
  "",
].join("\n");
console.log(body.slice(body.indexOf("## Ask first"), body.indexOf("## Procedure")));

// %%
const folder = `../skills/${NAME}`;
rmSync(folder, { recursive: true, force: true });
for (const part of ["references", "scripts"]) mkdirSync(`${folder}/${part}`, { recursive: true });
writeFileSync(`${folder}/SKILL.md`, `---\n${front}\n---\n\n${body}`);
writeFileSync(`${folder}/references/task-api.json`, `${JSON.stringify(taskApi, null, 2)}\n`);
const MEASURE: [fact: string, how: string][] = [
  ["wantedScore, heldOut", "the share of the exam that must be right, decided by who answers for it; how many requests the exam has"],
  ["promptScore, promptVersions", "the best prompt's share of right answers on the exam; how many prompts were measured"],
  ["measuredOn, dataMayLeave", "`api` or `own`: whose model was measured; whether requests may go to a provider"],
  ["knowledgeFailures, formatFailures", "read fifty failures and count each by its first cause: a missing fact, or a right answer in a wrong form; shares of all failures"],
  ["format", "`free`, `schema` (a grammar can enforce it) or `style` (none can)"],
  ["kindsOfRequest, examples, exampleDollars", "kinds of job; reviewed examples at hand; what one more costs"],
  ["knowledgeTokens, answersChangeDays", "tokens of the documents behind answers; days until a right answer is wrong"],
  ["requestsPerDay, apiDollarsPerRequest", "from the log; the bill divided by its requests"],
  ["serverDollarsPerMonth, serverRequestsPerDay, operationsDollarsPerMonth", "a quote, a load test, and people's time"],
  ["setupDollars, budgetDollars, paybackMonths", "training with its evaluation, once; what may be spent; when it must be back"],
  ["latencyMs, latencyWantedMs, ownLatencyMs", "milliseconds, 95th percentile: today's, the wanted one, a small model's"],
];
writeFileSync(
  `${folder}/references/facts.md`,
  [
    "# Facts",
    "",
    "| fact | how to measure it |",
    "| --- | --- |",
    ...MEASURE.map(([fact, how]) => `| ${fact} | ${how} |`),
    "",
    "Conventions, not laws (`LIMITS` of `llmops/decision`, with their sources):",
    "",
    ...Object.entries(LIMITS).map(([limit, value]) => `- ${limit}: ${value}`),
    "",
    `How often a fact alone changes the decision, in ${useCases.length} use cases of lesson 61.7 (` + "`npm run lesson -- 61.7`" + "):",
    "",
    "| fact | cases | by a factor of 2 at most |",
    "| --- | ---: | ---: |",
    ...facts.map((row) => `| ${row.fact} | ${row["can decide in"]} | ${row["within a factor of 2, or yes or no"]} |`),
    "",
    "The traps of SKILL.md are computed on references/task-api.json, with one fact changed each.",
    "",
  ].join("\n"),
);
// The script is too long for a cell; read it in its place. It asks `llmops decide` for every decision.
cpSync(workbookPath("chapters-61-72/61-introduction-to-llmops/skill/decide-use-case.mjs"), `${folder}/scripts/decide-use-case.mjs`);
console.log(`${folder}: SKILL.md, two references and a script written`);

// %% [markdown]
// ## 4. Check the text
//
// First the form: `checkSkill` is what `llmops skill check` runs. What a decision must not leave out, it cannot know. That is a second
// checklist, as code: for each duty, the section where it belongs and the words without which it is not said. Then take each rule of the skill
// out, one at a time, and see whether the checklist notices.

// %%
import { checkSkill, findingText, readSkill } from "llmops/skills";

const { name, version, size, findings } = checkSkill(folder);
for (const finding of findings) console.log(findingText(finding));
console.log(`${name} ${version}: ${size.tokens} tokens, ${findings.length} findings`);

type Duty = [duty: string, section: string, says: RegExp[]];
const duties: Duty[] = [
  ["says when, and when not", "When to use it", [/before anybody/i, /stopped getting better/i, /not for/i]],
  ["asks for score and exam, and stops", "Ask first", [/score is wanted/i, /best prompt score/i, /not yet[^]*stop/i]],
  ["asks whether data may leave", "Ask first", [/leave the house/i]],
  ["asks what failures are made of", "Ask first", [/missing facts, broken form/i]],
  ["asks for data, change, money", "Ask first", [/examples/i, /change/i, /dollars a request/i]],
  ["decides by the script", "Procedure", [/facts into a file/i, /scripts\/decide-use-case\.mjs/, /is missing, say so/i]],
  ["checks numbers and flips", "Procedure", [/number is right/i, /nearest flip/i]],
  ["mildest first, criterion first", "Procedure", [/mildest/i, /before any data/i]],
  ["decides again", "Procedure", [/again/i]],
  ["traps with numbers", "Traps", [/payback[^\n]*days/i, /format[^\n]*%/i, /facts[^\n]*%/i, /exam[^\n]*%/i, /volume[^\n]*\$/i]],
  ["reports in five parts", "Report", [/five words/i, /missing first/i, /reasons that decided/i, /nearest flip/i, /assumption/i]],
];
const sectionOf = (text: string, heading: string) =>
  new RegExp(`## ${heading}\\n[\\s\\S]*?(?=\\n## |$)`).exec(text)?.[0] ?? "";
const neglected = (text: string) =>
  duties.filter(([, section, says]) => !says.every((words) => words.test(sectionOf(text, section))));
const skillText = readSkill(folder).body;
console.log(`duties: ${duties.length - neglected(skillText).length} of ${duties.length} are in the text`);

const removals = [...new Set(duties.map(([, section]) => section))].flatMap((section) =>
  sectionOf(skillText, section).split(/\n(?=- |\d\. )/).slice(1).map((rule) => {
    const without = skillText.replace(rule, "");
    return { section, rule: rule.split("\n")[0], noticed: neglected(without).length > 0 };
  }),
);
showTable(
  [...Map.groupBy(removals, ({ section }) => section)].map(([section, rules]) => ({
    section,
    rules: rules.length,
    "loss noticed": rules.filter(({ noticed }) => noticed).length,
    "not noticed": rules.filter(({ noticed }) => !noticed).map(({ rule }) => rule.slice(0, 50)).join(" | "),
  })),
  { caption: "Each rule taken out once" },
);

// %% [markdown]
// ## 5. Three use cases
//
// The script is run as an agent runs it: a file, a command, an exit status. The cell asks the library for the same decision, and stops if the two
// disagree. The first is a support desk whose answers miss the house's style. The second is the Task API assistant at today's price, with a prompt
// that is good enough. The third are the lawyers, who know nothing yet and want to begin on Monday.

// %%
import { spawnSync } from "node:child_process";
import type { DecisionAnswer } from "llmops/exercises/61-7";

const script = (args: string[], input = "") =>
  spawnSync(process.execPath, [`${folder}/scripts/decide-use-case.mjs`, ...args], { encoding: "utf8", input });
function decideWithSkill(useCase: UseCaseInput): DecisionAnswer & { status: number | null } {
  writeFileSync("usecase.json", `${JSON.stringify(useCase, null, 2)}\n`);
  const { stdout, stderr, status } = script(["usecase.json", "--json"]);
  if (status === 2) throw new Error(stderr);
  const answer = JSON.parse(stdout) as DecisionAnswer;
  if (answer.approach !== decideApproach(useCase).approach) throw new Error("script and library disagree");
  return { ...answer, status };
}
const [support, assistant, lawyers] = [TEAMS.support, useCases[6], TEAMS.lawyers].map(decideWithSkill);
showTable(
  [support, assistant, lawyers].map(({ name: useCase, approach, status, reasons, flips: [nearest] }) => ({
    "use case": useCase, approach, "exit status": status, "decided by": reasons.filter(({ decides }) => decides).map(({ fact }) => fact).join(", "),
    "nearest flip": nearest ? `${nearest.fact} at ${nearest.to.toLocaleString("en-US")}: ${nearest.approach}` : "",
  })),
  { caption: "Three use cases, by the script" },
);
writeFileSync("usecase.json", `${JSON.stringify(useCases[6], null, 2)}\n`);
console.log(script(["usecase.json"]).stdout.trim());

// %% [markdown]
// The second answer is the one that a skill is for: do not fine-tune. Volume, format and a budget were there, and each of them is a reason that people
// give. The reasons name the sum that speaks against it. Read the flips in their order: a nearer goal only makes the exam too small to say,
// and training comes with a price many times as high, or with a server that costs next to nothing.
//
// A skill is used in places where the workbook is not. Copied alone into an empty folder, the script has to say what is missing. And a fact
// that is misspelt is refused, not ignored:

// %%
import { tmpdir } from "node:os";
import { join } from "node:path";

const alone = mkdtempSync(join(tmpdir(), "decision-"));
cpSync(folder, join(alone, NAME), { recursive: true });
const outcome = spawnSync(process.execPath, ["scripts/decide-use-case.mjs", "references/task-api.json"], {
  cwd: join(alone, NAME), encoding: "utf8", env: { PATH: alone },
});
console.log(`exit status ${outcome.status}: ${outcome.stderr.trim()}`);
const misspelt = script(["-"], JSON.stringify({ ...taskApi, promtScore: 0.9 }));
console.log(`exit status ${misspelt.status}: ${misspelt.stderr.trim()}`);
rmSync(alone, { recursive: true, force: true });

// %% [markdown]
// ### Exercise: the report
//
// What an agent hands over is no JSON. Write `report`: it gets what `decide-use-case.mjs --json` answers, and gives the text that a person reads,
// by the skill's section Report. The first line holds `name` and `approach`; then what is `missing`, the reasons whose `decides` is true (fact,
// value and because, word for word), the nearest flip on one line (fact, `to`, approach), and every assumption word for word.

// %%
import { decisionReport } from "llmops/exercises/61-7";

function report(answer: DecisionAnswer): string {
  // BEGIN SOLUTION
  const { name: useCase, approach, missing, reasons, flips: [nearest], assumed } = answer;
  return [
    `${useCase}: ${approach}`,
    ...(missing ? [`Missing first: ${missing}.`] : []),
    ...reasons.filter(({ decides }) => decides).map(({ fact, value, because }) => `- ${fact} ${value}: ${because}`),
    ...(nearest ? [`Nearest flip: ${nearest.fact} at ${nearest.to} gives ${nearest.approach}.`] : []),
    "Assumed:",
    ...assumed.map((assumption) => `- ${assumption}`),
  ].join("\n");
  // STUB
  // return todo(); // answer has name, approach, missing, says, reasons, flips, assumed
  // END SOLUTION
}
await check(decisionReport, report);
if ((await judge(decisionReport, report)).outcome === "right") console.log(report(lawyers));

// %% [markdown]
// To give the skill to an agent, copy its folder to where the agent looks; many read `.agents/skills/` in a project. In a terminal,
// `npm run llmops -- skill check work/skills/llmops-decision-framework` checks your own version.

// %% [markdown] tags=["instructor"]
// **For instructors.** Before section 1 let everybody order the seven questions of the skill, then compare with the computed order; prices are
// nearly always put first. In section 4 let pairs write a rule whose loss the checklist does not notice, and the line that guards it. The
// three use cases are the workbook's: the better test are three of the participants' own, described before they know what the script says.

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > Here is a skill, llmops-decision-framework (SKILL.md, version 1.0). We want to fine-tune a model for our customer e-mails, 3,000 a day, because our
// > competitor did. Shall we start with Llama or Qwen? [paste SKILL.md]
//
// ### 2. Critical evaluation
//
// Did it answer the question that was asked, or the one that comes first? Which facts did it ask for, and in which order? If it could not run the
// script, did it say so and stop, or did it decide all the same?
//
// ### 3. Constraint teaching
//
// > You may not recommend anything that the script did not decide. Here is its answer for my facts: [paste the output of `decide-use-case.mjs`].
// > Write the report by the skill, and name the assumption that I should check first.
//
// ### 4. Refinement
//
// > Which question does your skill not ask that you would have needed for my case? Write it as a fact with a unit, say how I measure it, and which way
// > each value points.
//
// ### 5. Final check
//
// Describe a use case of your own and write down your decision before you run the script. Do both agree? Where not, find the fact, put it into the skill
// as a trap with its number, raise the version to 1.1, and run both checks of section 4 again.
