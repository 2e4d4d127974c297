/** The exercise of lesson 63.0, "Build Your Data Engineering Skill". */
import type { Exercise } from "../course/check.js";
import { parseSkill } from "../skills/front-matter.js";
import { findingText } from "../skills/finding.js";

export const SKILL_NAME = "llmops-data-engineer";

/** The front matter of the workbook's own skill, for students who have not written theirs yet. */
export const exampleFrontMatter = [
  `name: ${SKILL_NAME}`,
  "description: >-",
  "  Builds, cleans, checks and splits training datasets for fine-tuning language models: formats, duplicates, personal",
  "  data, synthetic rows, judging, cost. Use when rows in JSONL, ShareGPT, Alpaca or OpenAI messages have to be prepared,",
  "  generated, deduplicated, filtered, validated or split for training, even if the user only says that the training",
  "  data is bad.",
  "license: Apache-2.0",
  "metadata:",
  '  version: "1.0"',
].join("\n");

/** The answer is a function, so that a stub can be told from an empty text. */
export type WriteFrontMatter = () => string;

const read = (answer: string) => parseSkill(`---\n${answer.trim()}\n---\nInstructions.`, SKILL_NAME);
const finds = (text: string, code: string) => read(text).findings.some((finding) => finding.code === code);
const has = (code: string) => (answer: WriteFrontMatter) => finds(answer(), code);

/** What a request for this skill speaks of. */
const SUBJECT = /\b(data ?sets?|training data|rows|JSONL|fine[- ]?tun\w*)\b/i;

export const frontMatter: Exercise<WriteFrontMatter> = {
  id: "63.0/front-matter",
  kind: "skill",
  hints: [
    "Look at the first row of the table in section 3: what does an agent read before any request has come? The front matter holds these two, and which version it is.",
    "An agent sees the description alone, beside those of all other skills. It needs two sentences: what the skill does (verbs and their objects), and when to use it, in the words of a real request.",
    "The name is that of the folder, in small letters with hyphens. A version is no field of its own: it goes under metadata, and in quotes, because YAML would read 1.0 as a number.",
  ],
  fault: (answer) => {
    const text: unknown = answer();
    if (typeof text !== "string") return "Return the front matter as one text: lines of YAML.";
    const { front, findings } = read(text);
    const [first] = findings;
    if (first) return findingText(first);
    if (front && !SUBJECT.test(front.description)) return "The description never names datasets, rows, JSONL or fine-tuning: a request about them would not find it.";
    return undefined;
  },
  misconceptions: [
    {
      name: "with the dashes",
      matches: (answer) => answer().trim().startsWith("---"),
      message: "Leave the lines --- out: the next cell writes them around your text.",
    },
    {
      name: "another name",
      matches: has("name-folder"),
      message: `The folder is called ${SKILL_NAME}. The specification wants the same name in both places; a client that finds a difference may refuse the skill.`,
    },
    {
      name: "capitals or spaces",
      matches: (answer) => finds(answer(), "name") && /^name:\s*\S/m.test(answer()),
      message: `A name is an identifier, no title: lower-case letters, digits and single hyphens. Write name: ${SKILL_NAME}`,
    },
    {
      name: "version outside metadata",
      matches: (answer) => /^version:/m.test(answer()),
      message: "version is no field of the specification. What it does not define goes under metadata, indented.",
    },
    {
      name: "version as a number",
      matches: (answer) => finds(answer(), "metadata") && /version:\s*\d/.test(answer()),
      message: 'YAML reads 1.0 as the number 1, and 1.10 as 1.1. Values of metadata are text: write version: "1.0" with the quotes.',
    },
    {
      name: "version missing",
      matches: has("version"),
      message: 'Nothing says which version this is. In lesson 63.8 you write a second one, and will want to tell them apart: metadata, then version: "1.0".',
    },
    {
      name: "too long",
      matches: has("description-length"),
      message: "A description has at most 1,024 characters. It is in the agent's context all day, beside those of all other skills; details belong in the body.",
    },
    {
      name: "first person",
      matches: has("description-person"),
      message: "The description talks about you. An agent reads it as an entry in a list of tools and asks: what does it do, and is it for this request?",
    },
    {
      name: "only what it is",
      matches: has("description-when"),
      message: "You say what the skill is, not when to use it. The agent decides by this text alone: add a sentence \"Use when …\" with the words of a real request.",
    },
    {
      name: "only when",
      matches: has("description-what"),
      message: "You say when to use it, not what it does. Begin with verbs and their objects; then the occasions.",
    },
  ],
  because: "An agent that has read nothing else can tell what this skill does and which requests it is for, and two versions of it can be told apart.",
};
