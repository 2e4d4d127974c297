/** The card of datasets/personas: every figure in it is counted from the rows and the ledger of the run. */
import { adherenceOf, countWords, personaIds, readPersona, repeatedOf, replyOf, requestOf, scorePersona, type PersonaRow, type PersonaSet, type RejectedReply } from "llmops/persona";
import type { PersonaSlipEntry } from "llmops/teacher";

export interface PersonaRun {
  /** Who wrote the replies. */
  says: string;
  seed: number;
  counts: readonly { persona: string; set: PersonaSet; asked: number; kept: number; rejected: readonly RejectedReply[] }[];
  rows: Readonly<Record<PersonaSet, readonly PersonaRow[]>>;
  slips: readonly PersonaSlipEntry[];
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

export function makePersonaCard({ says, seed, counts, rows, slips }: PersonaRun): string {
  const all = Object.values(rows).flat();
  const rejected = counts.flatMap((count) => [...count.rejected]);
  const steps = [...new Set(rejected.map(({ step }) => step))];
  const planted = new Map(slips.map((slip) => [slip.row, slip]));
  const stepRows = steps.map((step) => {
    const mine = rejected.filter((reply) => reply.step === step);
    return `| ${step} | ${mine.length} | ${mine.filter(({ reply }) => planted.has(reply.id)).length} |`;
  });
  const personas = personaIds().map((id) => {
    const persona = readPersona(id), mine = all.filter((row) => row.persona === id);
    const words = mine.map((row) => countWords(replyOf(row))).sort((a, b) => a - b);
    const { all: adheres } = adherenceOf(persona, mine.map((row) => scorePersona(persona, replyOf(row), repeatedOf(row))));
    return `| ${persona.name} (\`${id}\`) | ${persona.traits.map((trait) => trait.id).join(", ")} | ${mine.length} | ${new Set(mine.map(replyOf)).size} | ${words[Math.floor(words.length / 2)] ?? 0} (${words.at(-1) ?? 0}) | ${percent(adheres.estimate)} |`;
  });
  const situations = [...new Set(all.map(({ situation }) => situation))].map((situation) => `${situation} ${all.filter((row) => row.situation === situation).length}`).join(", ");
  const trainRequests = new Set(rows.train.map(requestOf));
  const shared = rows.test.filter((row) => trainRequests.has(requestOf(row))).length;
  return `---
license: "apache-2.0"
language: ["en"]
pretty_name: "Task API replies in three personas"
task_categories: ["text-generation"]
size_categories: ["1K<n<10K"]
configs:
- config_name: default
  data_files:
  - { split: train, path: "train.jsonl" }
  - { split: validation, path: "validation.jsonl" }
  - { split: test, path: "test.jsonl" }
---

# Task API replies in three personas

One request, four voices: replies of a task manager's assistant as TaskMaster, TaskAnalyst, TaskPlanner, and as nobody in particular. What chapter 65 tunes the tiny model on, and what it is examined with.

| split | rows | users' sides |
| --- | ---: | --- |
| \`train.jsonl\` | ${rows.train.length} | of \`task-calls/train.jsonl\`: each persona has requests of its own |
| \`validation.jsonl\` | ${rows.validation.length} | of \`task-calls/validation.jsonl\`, likewise |
| \`test.jsonl\` | ${rows.test.length} | of \`task-calls/held-out.jsonl\`: every request once for each persona |

Situations: ${situations}. All but \`task\` are written in \`requests/edges.yaml\`, each sentence in one split. ${shared} requests of the test stand in the training rows.

| persona | traits | rows | different replies | words, median (most) | shows all traits, by the marks |
| --- | --- | ---: | ---: | --- | ---: |
${personas.join("\n")}

| field | meaning |
| --- | --- |
| \`messages\` | system prompt of the persona, request, reply |
| \`persona\` | its id: \`<id>.yaml\` has traits, rubrics, marks and prohibitions |
| \`situation\` | \`task\`, \`unclear\` (title or task missing), \`thanks\`, \`outside\` (no task at all), \`upset\` |
| \`call\` | what the program does: name and parameters, in the user's words; null where there is nothing to do |
| \`id\` | split, persona, number |

## How it was made

\`npm run personas\`, seed ${seed}. Written by: ${says}

${counts.reduce((sum, { asked }) => sum + asked, 0)} replies were asked for; what was rejected was asked for again with another seed, seven times at most. ${rejected.length} were rejected, ${all.length} stayed. The writer planted ${slips.length} slips.

| rejected for | rows | of them planted |
| --- | ---: | ---: |
${stepRows.join("\n")}

A reply stays if it names the operation, the title, the date and the priority of its call and no others (\`truthFaults\`), breaks no prohibition, has at most the spec's words, and shows every trait, by its marks and by the judge's rubric. Replies to \`list_tasks\` name no task: the request does not say what is on the list.

## Limits

- The simulator puts replies together from phrases that its authors wrote. They are varied enough for a style to be learned, and no sample of how people talk.
- The marks were written by those who wrote the phrases, so they find more here than they will in the text of another model. Measure with a judge and with people beside them (lesson 65.5).
- The titles are as in \`task-calls\`: half of them have words that exist nowhere, so that they can only be copied. No real person is in it.
`;
}
