/**
 * `npm run personas`: writes datasets/personas anew, by the teacher behind the open door.
 *
 * Users' sides come from datasets/task-calls, each of its splits to one of ours, and from datasets/personas/requests/edges.yaml. Of each
 * persona's replies only those stay that are truthful and show all traits. With OPENAI_API_KEY set the replies are those of a
 * real model; `--budget` (dollars, default 2) is never exceeded.
 *
 *     npm run personas
 *     npm run personas -- --seed 66 --budget 5
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { parse } from "yaml";
import { z } from "zod";
import { generateReplies, judgeTraits, personaIds, personaPath, personaRow, readPersona, validateReplies, type PersonaRow, type PersonaSet, type RejectedReply, type WrittenReply } from "llmops/persona";
import { readTaskCalls, type TaskCall } from "llmops/evaluate";
import { openTeacher, type PersonaRequest } from "llmops/teacher";
import { makePersonaCard } from "./persona-card.ts";
import { writeWhole } from "./whole-file.ts";

const { values } = parseArgs({ options: { seed: { type: "string", default: "65" }, budget: { type: "string", default: "2" } } });
const seed = Number(values.seed);

/** Users' sides of each set and persona: tasks and edges. */
const SIZES: Readonly<Record<PersonaSet, { tasks: number; edges: number }>> = {
  train: { tasks: 1200, edges: 120 }, validation: { tasks: 30, edges: 10 }, test: { tasks: 300, edges: 40 },
};
/** What was rejected is asked for again: a request that is missing from one persona's test would be missing from the comparison. */
const ROUNDS = 8;
const SOURCES = { train: "train", validation: "validation", test: "held-out" } as const;

const Edges = z.record(z.enum(["unclear", "thanks", "outside", "upset"]), z.record(z.enum(["train", "validation", "test"]), z.array(z.string())));
const edges = Edges.parse(parse(readFileSync(personaPath("requests/edges.yaml"), "utf8")));

const asRequest = ({ request, name, parameters }: TaskCall): PersonaRequest => ({ request, situation: "task", call: { name, parameters } });

/** The edges of a set, in turn, as often as they are wanted. */
function edgeRequests(set: PersonaSet, count: number): PersonaRequest[] {
  const all = Object.entries(edges).flatMap(([situation, sets]) => sets[set].map((request) => ({ request, situation: situation as PersonaRequest["situation"], call: null })));
  const turns = ["unclear", "thanks", "outside", "upset"].map((situation) => all.filter((request) => request.situation === situation));
  return Array.from({ length: count }, (_, at) => {
    const turn = turns[at % turns.length] ?? [];
    return turn[Math.floor(at / turns.length) % turn.length];
  }).filter((request) => request !== undefined);
}

const ids = personaIds();
const calls = { train: readTaskCalls("train"), validation: readTaskCalls("validation"), "held-out": readTaskCalls("held-out") };
await using teacher = await openTeacher({ budgetUsd: Number(values.budget), simulator: { seed } });
console.log(teacher.door.says);

/** In training each persona has requests of its own; in the examination all have the same, so that pairs can be compared. */
function requestsOf(set: PersonaSet, place: number): PersonaRequest[] {
  const { tasks, edges: count } = SIZES[set];
  const found = calls[SOURCES[set]];
  const mine = set === "test" ? found.slice(0, tasks) : found.slice(place * tasks, (place + 1) * tasks);
  return [...mine.map(asRequest), ...edgeRequests(set, count)];
}

const counts: { persona: string; set: PersonaSet; asked: number; kept: number; rejected: RejectedReply[] }[] = [];
const rows: Record<PersonaSet, PersonaRow[]> = { train: [], validation: [], test: [] };
for (const set of ["train", "validation", "test"] as const) {
  for (const [place, id] of ids.entries()) {
    const persona = readPersona(id), requests = requestsOf(set, place);
    const done = new Map<number, WrittenReply>(), rejected: RejectedReply[] = [];
    for (let round = 0; round < ROUNDS && done.size < requests.length; round++) {
      const open = requests.map((_, at) => at).filter((at) => !done.has(at));
      const { replies, failures } = await generateReplies(teacher, persona, open.map((at) => requests[at] as PersonaRequest), { seed: seed + round });
      const { judgments, failures: unjudged } = await judgeTraits(teacher, persona, replies);
      for (const { indices, error } of [...failures, ...unjudged]) console.log(`${id}, ${set}: ${indices.length} of ${open.length} without an answer: ${error.message}`);
      const valid = validateReplies(persona, replies, judgments);
      rejected.push(...valid.rejected);
      for (const reply of valid.kept) done.set(open[reply.index] as number, reply);
    }
    const ordered = [...done].sort(([a], [b]) => a - b);
    rows[set].push(...ordered.map(([at, reply]) => personaRow(persona, { ...reply, id: `${set}-${id}-${String(at + 1).padStart(4, "0")}` })));
    counts.push({ persona: id, set, asked: requests.length, kept: done.size, rejected });
    console.log(`${id}, ${set}: ${done.size} of ${requests.length} kept, ${rejected.length} replies rejected`);
  }
}

/** Personas alternate, so that a trainer that reads in the file's order sees all of them from the beginning. */
function mixed(all: readonly PersonaRow[]): PersonaRow[] {
  const turns = ids.map((id) => all.filter(({ persona }) => persona === id));
  return Array.from({ length: Math.max(...turns.map(({ length }) => length)) }, (_, at) => turns.flatMap((turn) => turn[at] ?? [])).flat();
}

for (const set of ["train", "validation", "test"] as const) writeWhole(personaPath(`${set}.jsonl`), mixed(rows[set]).map((row) => `${JSON.stringify(row)}\n`).join(""));
writeWhole(personaPath("README.md"), makePersonaCard({ says: teacher.door.says, seed, counts, rows, slips: teacher.ledger?.slips ?? [] }));
const { spent } = teacher.meter;
console.log(`datasets/personas: ${Object.entries(rows).map(([set, all]) => `${set} ${all.length}`).join(", ")}; $${spent.toFixed(2)} spent`);
