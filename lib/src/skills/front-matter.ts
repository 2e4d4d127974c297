import { z } from "zod";
import type { Finding } from "./finding.js";

/** The limits of the Agent Skills specification (https://agentskills.io/specification, read 2026-11-21). */
export const NAME_CHARS = 64;
export const DESCRIPTION_CHARS = 1024;
export const COMPATIBILITY_CHARS = 500;

// The specification names a-z, 0-9 and the hyphen. Its reference validator also lets other lower-case letters pass; not
// every client does.
const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;

const text = (field: string) =>
  z.string({
    error: ({ input }) =>
      input === undefined ? `${field} is missing` : `${field} is ${kindOf(input)}; it must be text: put it in quotes`,
  });

const FrontMatterSchema = z.strictObject({
  name: text("name").min(1, "name is empty").max(NAME_CHARS, `name is longer than ${NAME_CHARS} characters`),
  description: text("description").refine((value) => value.trim() !== "", "description is empty"),
  license: text("license").optional(),
  compatibility: text("compatibility").min(1, "compatibility is empty").max(COMPATIBILITY_CHARS, `compatibility is longer than ${COMPATIBILITY_CHARS} characters`).optional(),
  metadata: z
    .record(z.string(), z.string({ error: ({ path, input }) => `${path?.join(".") ?? "metadata"} is ${kindOf(input)}; values of metadata must be text: put it in quotes` }),
      { error: "metadata must be a list of keys with their values" })
    .optional(),
  "allowed-tools": text("allowed-tools").optional(),
});

/** What stands between the two `---` of a SKILL.md. */
export type FrontMatter = z.infer<typeof FrontMatterSchema>;

/** A SKILL.md in its two parts. */
export interface ParsedSkill {
  /** Undefined where the front matter is missing or has an error. */
  front: FrontMatter | undefined;
  /** The Markdown after the front matter; the whole text where there is none. */
  body: string;
  /** 1-based line of the file at which the body starts. */
  bodyLine: number;
  findings: Finding[];
}

/**
 * Takes a SKILL.md apart and checks its front matter against the specification.
 *
 * @param source - the file's text
 * @param folderName - name of the folder it lies in, which the skill's name must equal; undefined where there is no folder
 */
export function parseSkill(source: string, folderName: string | undefined): ParsedSkill {
  const lines = source.replace(/^\uFEFF/, "").split(/\r\n|\r|\n/);
  const end = lines.indexOf("---", 1);
  const broken = (line: number, message: string, remedy: string): ParsedSkill => ({
    front: undefined, body: lines.join("\n"), bodyLine: 1, findings: [error("front-matter", line, message, remedy)],
  });
  if (lines[0] !== "---") {
    return broken(1, "the front matter is missing", "start the file with a line ---, then name and description, then a line ---");
  }
  if (end < 0) return broken(1, "the front matter is not closed", "put a line --- after its last field");
  const rest = { body: lines.slice(end + 1).join("\n"), bodyLine: end + 2 };
  const { value, lineOf, findings } = readYaml(lines.slice(1, end).join("\n"));
  if (findings.length > 0) return { front: undefined, ...rest, findings };
  const parsed = FrontMatterSchema.safeParse(value);
  if (!parsed.success) {
    return { front: undefined, ...rest, findings: parsed.error.issues.flatMap((issue) => issueFindings(issue, lineOf)) };
  }
  return { front: parsed.data, ...rest, findings: [...nameFindings(parsed.data.name, folderName, lineOf), ...descriptionFindings(parsed.data.description, lineOf), ...versionFindings(parsed.data, lineOf)] };
}

type LineOf = (path: readonly PropertyKey[]) => number;

const error = (code: string, line: number, message: string, remedy: string): Finding => ({ severity: "error", code, file: "SKILL.md", line, message, remedy });
const warning = (code: string, line: number, message: string, remedy: string): Finding => ({ severity: "warning", code, file: "SKILL.md", line, message, remedy });

function readYaml(yaml: string): { value: unknown; lineOf: LineOf; findings: Finding[] } {
  // Loaded when there is something to parse: the command knows skills, and most of its runs meet none.
  const { isMap, isScalar, LineCounter, parseDocument } = require("yaml") as typeof import("yaml");
  const counter = new LineCounter();
  const document = parseDocument(yaml, { lineCounter: counter, prettyErrors: false, version: "1.2" });
  // The first line of the front matter is line 2 of the file.
  const lineAt = (offset: number) => counter.linePos(offset).line + 1;
  const lineOf: LineOf = (path) => {
    let node: unknown = document.contents;
    let line = 2;
    for (const key of path) {
      if (!isMap(node)) break;
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === key);
      if (!pair || !isScalar(pair.key)) break;
      line = lineAt(pair.key.range?.[0] ?? 0);
      node = pair.value;
    }
    return line;
  };
  const findings = document.errors.map(({ pos, message }) =>
    error("yaml", lineAt(pos[0]), `the front matter is not YAML: ${message.split("\n")[0] ?? ""}`, "put a value that holds a colon or a # in quotes"),
  );
  const value: unknown = findings.length === 0 ? document.toJS() : undefined;
  if (findings.length === 0 && !isMap(document.contents)) {
    findings.push(error("front-matter", 2, "the front matter holds no fields", "write name: and description:, one a line"));
  }
  return { value, lineOf, findings };
}

function issueFindings(issue: z.core.$ZodIssue, lineOf: LineOf): Finding[] {
  const line = lineOf(issue.path);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) =>
      error("unknown-field", lineOf([key]), `${key} is no field of a skill`, `move it under metadata, or take it out; there are ${Object.keys(FrontMatterSchema.shape).join(", ")}`),
    );
  }
  const field = String(issue.path[0] ?? "");
  return [error(field === "" ? "front-matter" : field, line, issue.message, REMEDIES[field] ?? "see https://agentskills.io/specification")];
}

const REMEDIES: Readonly<Record<string, string>> = {
  name: "write the folder's name: lower-case letters, digits and single hyphens, at most 64",
  description: "say what the skill does and when to use it, in one to four sentences",
  metadata: 'write each value in quotes, for example version: "1.0"',
  compatibility: "name only what the skill needs to run, or leave the field out",
  license: "write a short name such as Apache-2.0",
  "allowed-tools": "write the names of tools with spaces between them",
};

function nameFindings(name: string, folderName: string | undefined, lineOf: LineOf): Finding[] {
  const line = lineOf(["name"]);
  if (!NAME.test(name)) {
    const wrong =
      /[A-Z]/.test(name) ? "has capitals" : /\s/.test(name) ? "has spaces" : /^-|-$/.test(name) ? "begins or ends with a hyphen" :
        name.includes("--") ? "has two hyphens in a row" : "has characters other than a-z, 0-9 and the hyphen";
    const suggestion = name.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "");
    return [error("name", line, `the name "${name}" ${wrong}`, suggestion === "" ? REMEDIES["name"] ?? "" : `call it ${suggestion}, and its folder too`)];
  }
  if (folderName !== undefined && folderName !== name) {
    return [error("name-folder", line, `the name is ${name} and the folder is ${folderName}`, "give both the same name: agents look for the folder")];
  }
  return [];
}

const WHEN = /\bwhen(ever)?\b|\bif (the|a|an) (user|task|file|dataset)\b|\buse (it |this |this skill )?(for|on|with|if|before|after|while)\b/i;
const FIRST_PERSON = /\b(I(?!\/)|[Mm]e|[Mm]y|mine|[Ww]e|[Oo]ur|us)\b/;

/** How short a description says nothing that a name does not say. */
const MEAGRE_CHARS = 40;

function descriptionFindings(description: string, lineOf: LineOf): Finding[] {
  const line = lineOf(["description"]);
  const findings: Finding[] = [];
  const length = [...description].length;
  if (length > DESCRIPTION_CHARS) {
    findings.push(error("description-length", line, `the description has ${length} characters, the limit is ${DESCRIPTION_CHARS}`, "keep what it does and when to use it; move the rest into the body"));
  }
  const sentences = description.split(/(?<=[.!?])\s+/);
  if (!WHEN.test(description)) {
    findings.push(warning("description-when", line, "the description does not say when to use the skill", 'add a sentence such as "Use when …" with the words that a user would use'));
  } else if (sentences.every((sentence) => WHEN.test(sentence)) && /^\s*use\b(?! (it |this |this skill )?to\b)/i.test(description)) {
    findings.push(warning("description-what", line, "the description does not say what the skill does", "begin with what it does: a verb and its object"));
  }
  if (length < MEAGRE_CHARS) {
    findings.push(warning("description-short", line, `the description has ${length} characters`, "an agent chooses by it alone: name the tasks, the files and the words of a request"));
  }
  const person = FIRST_PERSON.exec(description);
  if (person) {
    findings.push(warning("description-person", line, `the description speaks in the first person ("${person[0]}")`, "an agent reads it beside many others: say what the skill does, not what you do"));
  }
  return findings;
}

function versionFindings({ metadata }: FrontMatter, lineOf: LineOf): Finding[] {
  const version = metadata?.["version"];
  if (version === undefined) {
    return [warning("version", lineOf(["metadata"]), "metadata has no version", 'add version: "1.0" under metadata, so that two copies can be told apart')];
  }
  if (/^\d+(\.\d+){0,2}$/.test(version)) return [];
  return [warning("version", lineOf(["metadata", "version"]), `the version "${version}" is not a number such as 1.0 or 1.0.2`, "write digits with points between them")];
}

function kindOf(value: unknown): string {
  if (value === null) return "empty";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "a group of fields" : `the ${typeof value} ${JSON.stringify(value)}`;
}
