/** The simulated writer of a persona's replies, with slips that are planted. */
import type { PersonaBrief, PersonaRequest } from "../persona-prompt.js";
import { Random } from "../random.js";
import { drawByRate } from "./draws.js";
import { FORBIDDEN, phrasesFor, PLAIN, RAMBLING, TRAITS, type Form, type TraitPhrases } from "./persona-phrases.js";
import { PERSONA_SLIPS, type PersonaSlip, type PersonaSlipEntry } from "./persona-slips.js";

const QUOTES = ['"{}"', '"{}"', '"{}"', "'{}'", "“{}”"] as const;
const DATES = ["tomorrow", "Friday", "next Monday", "the 28th", "2027-03-01"];
const STRANGE_TITLES = ["buy milk", "call the plumber", "water the plants", "pay the invoice"];

/** Which form of confirmation a request needs. */
export function formOf({ situation, call, request }: PersonaRequest): Form {
  if (situation === "unclear") return /\b(add|creat|new|put|make|note|remind)/i.test(request) ? "unclear-new" : "unclear-which";
  if (situation !== "task" || call === null) return situation === "task" ? "outside" : situation;
  if (call.name !== "update_task") return call.name.replace("_task", "").replace("lists", "list") as Form;
  const { new_title: renamed, due_date: due, priority } = call.parameters;
  return renamed !== undefined ? "rename" : due !== undefined && priority !== undefined ? "both" : due !== undefined ? "move" : "rank";
}

interface Draft {
  opening: string;
  core: string;
  middle: string;
  close: string;
}

/** Fills in the places of a phrase. */
function fill(random: Random, text: string, parameters: Readonly<Record<string, string>>, form: Form): string {
  const { title, new_title: renamed, due_date: due, priority, status } = parameters;
  const quote = random.pick(QUOTES);
  const quoted = (value: string | undefined): string => (value === undefined ? "" : quote.replace("{}", () => value));
  const count = Object.keys(parameters).length;
  const level = priority === undefined ? "" : random.pick([", {} priority", " with {} priority", " ({} priority)"]).replace("{}", priority);
  const slots: Record<string, string> = {
    t: quoted(title), n: quoted(renamed), d: due ?? "", p: priority ?? "", c: String(count),
    f: `${count} field${count === 1 ? "" : "s"}`, g: `${count} filter${count === 1 ? "" : "s"}`,
    due: due === undefined ? "" : form === "list" ? ` due ${due}` : random.pick([", due {}", ", due {}", " with the due date {}"]).replace("{}", () => due),
    pri: level, Due: due === undefined ? "" : ` Due: ${due}.`, Pri: priority === undefined ? "" : ` Priority: ${priority}.`,
    w: `${status === undefined ? "" : "completed "}${priority === undefined ? "" : `${priority} priority `}`,
  };
  return text.replace(/\{(\w+)\}/g, (_, name: string) => slots[name] ?? "");
}

const pickFrom = (random: Random, list: readonly string[]): string => (list.length === 0 ? "" : random.pick(list));

/** The parts of a reply. Of traits that the simulator does not know it shows what the brief's patterns show. */
function draftReply(random: Random, brief: PersonaBrief, form: Form, parameters: Readonly<Record<string, string>>, skip?: string): Draft {
  const shown = brief.traits.filter(({ id }) => id !== skip);
  const known = shown.flatMap(({ id }) => TRAITS[id] ?? []);
  const unknown = shown.some(({ id }) => TRAITS[id] === undefined);
  const of = (part: keyof TraitPhrases): string[] => known.flatMap((trait) => phrasesFor(trait[part], form));
  const cores = of("core");
  // Half of the plain confirmations stay where a trait has its own in addition; a record is never mixed with prose.
  const plain = phrasesFor(PLAIN, form);
  const isRecord = shown.some(({ id }) => id === "precise");
  const opening = pickFrom(random, of("opening").length > 0 || !unknown ? of("opening") : brief.patterns.opening);
  // After "Looking ahead:" comes a sentence, and no second colon.
  const fits = opening.endsWith(":") ? [...plain, ...cores].filter((text) => !text.includes(":") && !/^\w+\. /.test(text)) : [...plain, ...cores];
  const core = isRecord && cores.length > 0 ? cores : fits;
  // A planner's question is the confirmation where something is to be asked.
  const asks = shown.some(({ id }) => id === "asks") && form.startsWith("unclear");
  return {
    opening,
    core: asks ? "" : fill(random, random.pick(core), parameters, form),
    middle: pickFrom(random, of("middle")),
    close: fill(random, pickFrom(random, of("close").length > 0 || !unknown ? of("close") : brief.patterns.close), parameters, form),
  };
}

/** Puts the parts together: mostly in their order, sometimes with the confirmation first. */
function join(random: Random, { opening, core, middle, close }: Draft): string {
  const isLead = opening.endsWith(":");
  const joined = isLead && core !== "" && /^[I"'“{]/.test(core) ? `${opening} ${core}` : undefined;
  const parts = joined !== undefined ? [joined, middle, close]
    : isLead ? [middle, `${opening} ${core === "" ? close.charAt(0).toLowerCase() + close.slice(1) : core.charAt(0).toLowerCase() + core.slice(1)}`, core === "" ? "" : close]
    : opening !== "" && !core.includes(":") && random.chance(0.2) ? [core, opening, middle, close] : [opening, core, middle, close];
  return parts.filter((part) => part !== "").join(" ");
}

/** A reply with what was planted in it. */
interface Written {
  reply: string;
  slip?: Omit<PersonaSlipEntry, "row">;
}

/** Writes a reply; depends on the key, the brief and the request alone. */
function writeReply(random: Random, brief: PersonaBrief, request: PersonaRequest, rates: Readonly<Record<PersonaSlip, number>>): Written {
  const form = formOf(request), parameters = request.call?.parameters ?? {};
  const slip = drawByRate(random, PERSONA_SLIPS, rates);
  const say = (changed: Readonly<Record<string, string>> = parameters, other: Form = form, skip?: string): string => join(random, draftReply(random, brief, other, changed, skip));
  const isCall = request.situation === "task" && request.call !== null;
  switch (slip) {
    case "missing_trait": {
      const candidates = brief.traits.filter(({ id }) => draws(id, form)).map(({ id }) => id);
      if (candidates.length === 0) break;
      const trait = random.pick(candidates);
      return { reply: say(parameters, form, trait), slip: { slip, trait, says: `Nothing in it shows the trait ${trait}.` } };
    }
    case "wrong_persona": {
      const others = OTHERS.filter((ids) => !ids.some((id) => brief.traits.some((trait) => trait.id === id)));
      const traits = random.pick(others);
      const reply = join(random, draftReply(random, { ...brief, traits: traits.map((id) => ({ id, description: "" })) }, form, parameters));
      return { reply, slip: { slip, says: `Speaks as another persona does (${traits.join(", ")}).` } };
    }
    case "prohibited": {
      const broken = brief.prohibitions.map(({ id }) => id).filter((id) => FORBIDDEN[id] !== undefined);
      if (broken.length === 0) break;
      const prohibition = random.pick(broken);
      return { reply: `${say()} ${random.pick(FORBIDDEN[prohibition] ?? [""])}`, slip: { slip, prohibition, says: `Breaks the prohibition ${prohibition}.` } };
    }
    case "wrong_operation": {
      if (!isCall || form === "list" || parameters["title"] === undefined) break;
      const other = random.pick((["create", "complete", "delete"] as const).filter((name) => name !== form));
      return { reply: say({ title: parameters["title"] }, other), slip: { slip, says: `Confirms another operation (${other}).` } };
    }
    case "wrong_title": {
      const { title } = parameters;
      if (!isCall || title === undefined) break;
      const wrong = random.pick(STRANGE_TITLES.filter((other) => other !== title.toLowerCase()));
      return { reply: say({ ...parameters, title: wrong }), slip: { slip, says: `Names another task ("${wrong}").` } };
    }
    case "invented_detail": {
      if (form !== "create" || parameters["due_date"] !== undefined) break;
      const due = random.pick(DATES);
      return { reply: say({ ...parameters, due_date: due }), slip: { slip, says: `Names a due date that nobody gave (${due}).` } };
    }
    case "generic": {
      if (!isCall || form === "list") break;
      const draft = draftReply(random, brief, form, parameters);
      return { reply: join(random, { ...draft, core: random.pick(["Your request has been handled.", "That's taken care of.", "All set."]) }), slip: { slip, says: "Names neither the operation nor the task." } };
    }
    case "too_long":
      return { reply: `${say()} ${RAMBLING}`, slip: { slip, says: "Rambles." } };
    case undefined:
  }
  return { reply: say() };
}

/** Whether the simulator says something for a trait in this form: only such a trait can be left out. */
function draws(id: string, form: Form): boolean {
  const trait = TRAITS[id];
  return trait !== undefined && [trait.opening, trait.core, trait.middle, trait.close].some((part) => phrasesFor(part, form).length > 0);
}

const OTHERS: readonly (readonly string[])[] = [["encouraging", "action_oriented"], ["precise", "evidence"], ["forward_looking", "structured", "asks"]];

/** The answer to a persona prompt: replies in the order of the requests, and what was planted in them. */
export function writeReplies(
  seed: number, rates: Readonly<Record<PersonaSlip, number>>, { key, responseId }: { key: string; responseId: string }, { brief, requests }: { brief: PersonaBrief; requests: readonly PersonaRequest[] },
): { text: string; slips: PersonaSlipEntry[] } {
  const slips: PersonaSlipEntry[] = [];
  const replies = requests.map((request, index) => {
    const { reply, slip } = writeReply(new Random(seed, key, "persona", index), brief, request, rates);
    if (slip !== undefined) slips.push({ row: `${responseId}/${index}`, ...slip });
    return { number: index + 1, reply };
  });
  return { text: JSON.stringify({ replies }), slips };
}
