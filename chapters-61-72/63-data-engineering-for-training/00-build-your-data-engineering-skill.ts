// ---
// chapter: 63
// lesson: 0
// title: Build Your Data Engineering Skill
// layer: L00 (Skill-First Pattern)
// minutes: 30
// concepts: []
// maps: SC-008 (skill accumulation), FR-003 (L00 pattern)
// prerequisites: JSON, and what fine-tuning is for (chapter 61)
// publishes: { from: skills/llmops-data-engineer, to: skills/history/1.0/llmops-data-engineer }
// ---

// %% [markdown]
// An assistant that helps you with training data knows what people wrote about it before its own training ended. Trainers have
// changed since, and nobody told it what your project decided. An **Agent Skill** does: a folder of instructions that an agent reads
// when a task calls for them.
//
// You write the skill *before* the chapter, from official documentation, and mark what you only believe. The chapter then measures,
// and lesson 63.8 corrects the skill with the numbers. At the end of this lesson you have version 1.0, checked by a program:
//
// ```
// skills/llmops-data-engineer/
// ├── SKILL.md                  what an agent should ask, decide and do
// └── references/sources.md     the facts, each with its source and the day it was read
// ```

// %% [markdown]
// ## 1. Say what you want to learn, so that it can be checked
//
// A goal that nobody can check is a wish. Most learning plans hold sentences such as these, on the left. On the right the same wish
// with a number and the lesson that computes it.

// %%
import { writeFileSync } from "node:fs";
import { showTable } from "llmops/course";

const criteria = [
  { wish: "I can create a training dataset", check: "500 rows, split 400/50/50, every row valid ShareGPT", lesson: "63.7" },
  { wish: "I can validate quality", check: "for each filter precision and recall, with their intervals", lesson: "63.6, 63.7" },
  { wish: "My data is clean", check: "no near-duplicate across splits, no personal data that rules see", lesson: "63.4, 63.7" },
  { wish: "I generate data cheaply", check: "dollars for a kept row, from the meter; the set below $0.15", lesson: "63.5, 63.7" },
  { wish: "My skill is useful", check: "its checklist is a program: it passes a good set and fails a spoilt one", lesson: "63.8" },
];
showTable(criteria, { caption: "From wishes to criteria" });

writeFileSync(
  "LEARNING-SPEC.md",
  [
    "# Learning spec: data engineering for fine-tuning",
    "",
    "## What I want to learn",
    "",
    "To build a dataset for the Task API: choose a format, generate, clean, judge, split, and say how good each step is.",
    "",
    "## Why it matters",
    "",
    "A model repeats its rows. What is wrong in them is trained in, and no later step takes it out.",
    "",
    "## Done when",
    "",
    ...criteria.map(({ check, lesson }) => `- [ ] ${check} (lesson ${lesson})`),
    "",
  ].join("\n"),
);

// %% [markdown]
// The spec lies beside this notebook as `LEARNING-SPEC.md`. Change it: a criterion of your own is worth more than five of ours.
//
// ## 2. Go to the source
//
// A blog post says what was true for its author. A primary source is written by those who can change the thing. These were read for
// this lesson on 2026-11-21, from stored copies of the versions named; yours may be newer by now.

// %%
const READ = "2026-11-21";
const sources = [
  {
    id: "skills",
    what: "Agent Skills specification",
    version: "copy of 2026-08-09",
    address: "https://agentskills.io/specification",
  },
  {
    id: "trl",
    what: "TRL: dataset formats, SFTConfig, data_utils.py",
    version: "1.9.0",
    address: "https://huggingface.co/docs/trl/dataset_formats",
  },
  {
    id: "datasets",
    what: "Hugging Face datasets: repository structure, loading",
    version: "5.0.2.dev0",
    address: "https://huggingface.co/docs/datasets/repository_structure",
  },
  {
    id: "openai",
    what: "OpenAI: fine-tuning guides with their notice; OpenAPI description",
    version: "undated; 2026-08-21",
    address: "https://developers.openai.com/api/docs/guides/fine-tuning-best-practices",
  },
  {
    id: "unsloth",
    what: "Unsloth: standardize_data_formats, chat templates",
    version: "unsloth-zoo 005a250",
    address: "https://github.com/unslothai/unsloth-zoo/blob/main/unsloth_zoo/dataset_utils.py",
  },
];
showTable(sources.map(({ id, what, version }) => ({ source: id, what, version })), { caption: `Primary sources, read ${READ}` });

// %% [markdown]
// From each source take only what would make you act differently. A fact without a source does not go in.

// %%
const facts = [
  {
    source: "trl",
    fact: "SFT takes `messages` (role, content), or `prompt` with `completion`; DPO takes `prompt`, `chosen`, `rejected`.",
  },
  {
    source: "trl",
    fact:
      "Of ShareGPT rows TRL renames the fields `from` and `value`. It does not translate the speakers: " +
      "`human` stays `human`.",
  },
  { source: "trl", fact: "Tool calls need a column `tools` with JSON schemas beside `messages`." },
  {
    source: "trl",
    fact: "`max_length` is 1024 tokens unless set; what lies behind is cut off without an error.",
  },
  {
    source: "trl",
    fact:
      "With `messages` the loss counts every turn, unless `assistant_only_loss=True` and the chat template " +
      "marks the turns.",
  },
  {
    source: "datasets",
    fact:
      "A folder of JSONL files loads by itself; `configs` in the front matter of README.md says which file " +
      "is which split.",
  },
  { source: "datasets", fact: "`train`, `val`, `dev` and `test` in a file's name are understood as splits." },
  {
    source: "unsloth",
    fact:
      "`standardize_data_formats` translates user, human, input, gpt, assistant, output and system, and stops " +
      "at any other speaker. It takes turns with exactly two fields: tool calls do not fit.",
  },
  {
    source: "openai",
    fact:
      "Supervised fine-tuning takes JSONL with `messages`, ten rows at least; an assistant message with " +
      "`weight` 0 is not learned.",
  },
  {
    source: "openai",
    fact: "The fine-tuning platform is being wound down and closed to new users: plan to train open models.",
  },
  {
    source: "skills",
    fact:
      "The name equals the folder's name; the description has at most 1024 characters and says what and when; " +
      "SKILL.md stays below 500 lines.",
  },
];
showTable(facts, { caption: `${facts.length} facts that change what you do` });

// %% [markdown]
// The second fact is easy to read past. Here is what it means for a row, the two renames written out, beside a real conversion.

// %%
import { formatRow, parseRow } from "llmops/data";

const row = { conversations: [{ from: "human", value: "What is due today?" }, { from: "gpt", value: "Nothing." }] };
const renamed = row.conversations.map(({ from, value }) => ({ role: from, content: value }));
const parsed = parseRow("sharegpt", row);
const converted = parsed.ok ? formatRow("messages", parsed.example, { plain: true }) : undefined;
console.log("fields renamed:", JSON.stringify(renamed));
console.log("converted:     ", JSON.stringify(converted?.ok ? converted.row["messages"] : undefined));

// %% [markdown]
// What becomes of `human` depends on the model's chat template: some raise an error, some leave the turn out, and some write a role
// that the model has never seen. Only the first of these shows before the training is paid for. So the skill gets a rule: *convert
// ShareGPT to messages yourself, before the trainer.*
//
// To read the documentation of today, ask your own assistant. Give it the address, ask for the version, and let it quote:
//
// > Open https://huggingface.co/docs/trl/dataset_formats. Which version is it? Which columns does SFTTrainer accept, and what is the
// > default of max_length in SFTConfig? Quote the sentence for each. If you cannot open the page, say so and stop.
//
// ## 3. What an agent reads, and when
//
// | | what | when |
// | --- | --- | --- |
// | 1 | `name` and `description` of every installed skill | always, from the start |
// | 2 | the body of one SKILL.md | when a request fits its description |
// | 3 | files in `references/`, `scripts/`, `assets/` | when the body sends it there |
//
// This is called progressive disclosure. It makes the description the most important text of a skill: if it does not fit the request,
// nothing else is read.
//
// ### Exercise: the front matter
//
// Write the front matter of `llmops-data-engineer`: `name`, `description`, `metadata` with a `version`. It is YAML; leave out the
// lines `---`. Think of three requests that should find the skill, and use their words.

// %%
import { check, todo } from "llmops/course";
import { exampleFrontMatter, frontMatter } from "llmops/exercises/63-0";

function writeFrontMatter(): string {
  // BEGIN SOLUTION
  return exampleFrontMatter;
  // STUB
  // return todo(); // ["name: …", "description: …"].join("\n")
  // END SOLUTION
}
await check(frontMatter, writeFrontMatter);

// %% [markdown]
// ## 4. Write the instructions
//
// Now the body. Six parts, each with one task: who to think like, what is known, what to ask, what to decide, what is only assumed, in
// which order to work. Look at the assumptions A1 to A7: they come from blog posts, plans and experience, and none has a source that
// measured it. They are marked as such. An agent that reads "assumed" can be careful; one that reads a rule obeys.

// %%
const cited = (...ids: string[]) =>
  facts.filter(({ source }) => ids.includes(source)).map(({ source, fact }) => `- ${fact} [${source}]`);

const body = [
  "# LLMOps data engineer",
  "",
  "## Persona",
  "",
  "Think like a data engineer who will be asked, half a year from now, why one row is in the training set and another is not.",
  "Count before you claim. Say what was not measured.",
  "",
  "## Core knowledge",
  "",
  "Each fact names its source; addresses, versions and dates are in [the list of sources](references/sources.md). Read it when a",
  "fact decides something, and look whether the source says the same today.",
  "",
  ...cited("trl", "unsloth", "datasets", "openai"),
  "",
  "## Analysis questions",
  "",
  "Ask these before writing code. Without an answer to the first three, stop.",
  "",
  "1. Which trainer, in which version, and which columns does it take?",
  "2. What should the model do after training that it does not do now? Which rows show it?",
  "3. Which data exists already, and may it be used?",
  "4. Which operations, situations and mistakes must the rows cover?",
  "5. How will each kind of bad row be found, and who measures how well?",
  "6. What may a kept row cost?",
  "",
  "## Decision principles",
  "",
  "- Convert to `messages` before the trainer sees a row. [trl]",
  "- Count tokens with the tokenizer of the model, and set `max_length` on purpose. [trl]",
  "- Keep every rejected row with its reason: rows in = rows out + rows rejected.",
  "- Mask personal data before rows leave the machine.",
  "",
  "## Assumptions",
  "",
  "Not measured yet. Say \"assumed\" when you rely on one of them.",
  "",
  "- A1: A parser and a schema find every broken row.",
  "- A2: Exact deduplication is enough.",
  "- A3: For near-duplicates it is enough to compare the first user turn.",
  "- A4: A row that the judge scores 4 or more is right.",
  "- A5: When you split does not matter, before or after deduplication.",
  "- A6: A thousand good synthetic rows cost about $0.30.",
  "- A7: 500 clean rows train a better model than 5,000 noisy ones.",
  "",
  "## Workflow",
  "",
  "1. Write down the criteria that the set must meet, each with a number.",
  "2. Collect real rows; generate what is missing, first a pilot of 20, then the rest within a budget.",
  "3. Parse, normalise, deduplicate, mask, bound the length, judge, split: `npm run llmops -- data build ROWS --out FOLDER`.",
  "4. Read rows: twenty that stayed and every kind that left.",
  "5. Validate the files that were written: `npm run llmops -- data validate FOLDER/*.jsonl`, without `rejected.jsonl`.",
  "6. Write the dataset card: origin, fields, licence, limits.",
  "",
].join("\n");
console.log(body.slice(body.indexOf("## Analysis questions"), body.indexOf("## Workflow")));

// %% [markdown]
// The facts with their addresses are for the moments when someone doubts them: they go into a file of their own. The cell below
// takes your front matter where the exercise says Right, else the workbook's. Change the instructions in the cell above, not in the
// file: the file is written anew each time.

// %%
import { existsSync, mkdirSync } from "node:fs";
import { judge } from "llmops/course";
import { checkSkill } from "llmops/skills";

const { outcome } = await judge(frontMatter, writeFrontMatter);
const front = outcome === "right" ? writeFrontMatter().trim() : exampleFrontMatter;
const NAME = "llmops-data-engineer";
const current = `../skills/${NAME}`;
// Lesson 63.8 makes version 2 in the same place. Run this lesson after it, and version 1 goes to the history instead.
const isRefined = existsSync(`${current}/SKILL.md`) && (checkSkill(current).version ?? "1") >= "2";
const folder = isRefined ? `../skills/history/1.0/${NAME}` : current;

mkdirSync(`${folder}/references`, { recursive: true });
writeFileSync(`${folder}/SKILL.md`, `---\n${front}\n---\n\n${body}`);
writeFileSync(
  `${folder}/references/sources.md`,
  [
    "# Sources",
    "",
    `All read on ${READ}, in the versions named. A fact holds for its version: look again when yours is newer.`,
    "",
    ...sources.flatMap(({ id, what, version, address }) => [
      `## ${id}`,
      "",
      `${what} (${version}): ${address}`,
      "",
      ...facts.filter(({ source }) => source === id).map(({ fact }) => `- ${fact}`),
      "",
    ]),
  ].join("\n"),
);
console.log(`${folder}: SKILL.md and references/sources.md written`);

// %% [markdown]
// ## 5. Check it
//
// `checkSkill` reads the folder as an agent would: the front matter by the specification, the folder's name, the length, every file
// that the text names, and sentences that were never finished.

// %%
import { findingText } from "llmops/skills";

const result = checkSkill(folder);
for (const finding of result.findings) console.log(findingText(finding));
console.log(`${result.name} ${result.version}: ${result.findings.length} findings`);

// %% [markdown]
// A check that never fails is worth nothing. Spoil a copy in three places, and see whether each is named.

// %%
import { cpSync, readFileSync, rmSync } from "node:fs";

rmSync("spoilt", { recursive: true, force: true });
cpSync(folder, "spoilt/Data_Engineer", { recursive: true });
const spoilt = readFileSync("spoilt/Data_Engineer/SKILL.md", "utf8")
  .replace(`name: ${NAME}`, "name: Data_Engineer")
  .replace("references/sources.md", "references/facts.md")
  .replace("# LLMOps data engineer", "# LLMOps data engineer\n\nTODO: say when not to use this skill.");
writeFileSync("spoilt/Data_Engineer/SKILL.md", spoilt);
for (const finding of checkSkill("spoilt/Data_Engineer").findings) console.log(findingText(finding));

// %% [markdown]
// In a terminal: `npm run llmops -- skill check work/skills/llmops-data-engineer`.
//
// What does the skill cost an agent? Count the tokens of each level.

// %% tags=["folded"]
import { showChart } from "llmops/course";
import { countTextTokens } from "llmops/data";
import { readSkill } from "llmops/skills";

const skill = readSkill(folder);
const levels = [
  { level: "always: name, description", tokens: countTextTokens(`${skill.name}\n${skill.description}`) },
  { level: "when chosen: body", tokens: countTextTokens(skill.body) },
  { level: "when needed: references", tokens: countTextTokens(readFileSync(`${folder}/references/sources.md`, "utf8")) },
];
await showChart(
  {
    title: "Tokens an agent reads",
    data: { values: levels },
    encoding: {
      y: { field: "level", type: "nominal", sort: null, title: null, axis: { labelLimit: 220 } },
      x: { field: "tokens", type: "quantitative", title: "tokens (o200k_base)" },
    },
    layer: [{ mark: "bar" }, { mark: { type: "text", align: "left", dx: 4 }, encoding: { text: { field: "tokens" } } }],
  },
  `Tokens by level: ${levels.map(({ level, tokens }) => `${level} ${tokens}`).join(", ")}.`,
);

// %% [markdown]
// The first bar is paid in every conversation, for every installed skill; the others only when they are used.
//
// To give the skill to an agent, copy its folder to where the agent looks: `.agents/skills/` in a project is understood by many,
// and each has a folder of its own besides. `skills/README.md` in the repository says more.

// %% [markdown] tags=["instructor"]
// **For instructors.** Let students compare descriptions in pairs: one writes a request, the other says whether the description would
// find it. Keep the assumptions: A2 to A6 are wrong or incomplete, and the point of 63.8 is that the students find out which. If
// someone objects to one of them now, ask what number would settle it. The sources were read from stored copies; have one student
// look up what has changed.

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > I will prepare a dataset of customer chats to fine-tune an open model with TRL. Which format do you recommend, and which mistakes
// > should I avoid?
//
// Ask it twice: once in a fresh conversation, once with your SKILL.md pasted in front.
//
// ### 2. Critical evaluation
//
// Compare the two answers with the facts of section 2. Which facts does only the second have? Which sentence of the first is true of an
// older version of TRL? Does the second say "assumed" where the skill does?
//
// ### 3. Constraint teaching
//
// > Use only statements that have a source in the skill. Where the skill has no source, say "assumed" and name the measurement that
// > would settle it.
//
// ### 4. Refinement
//
// > Here are three requests: "my JSONL has copies in it", "write a poem about data", "is 0.30 dollars for 1000 rows a good price?"
// > For which would you load a skill with this description, and because of which words? Propose one change of the description.
//
// ### 5. Final check
//
// Put the change in, run the check again, and compare the length of the description with the one before. Is it still about what the
// skill does and when?
