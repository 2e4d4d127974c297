/** Answers that are an Agent Skill, held against the checklist of `llmops skill check`. */
import { dirname } from "node:path";
import type { Misconception } from "../../course/check.js";
import { FileError } from "../../data/index.js";
import { checkSkill, findingText, readSkill, type Skill } from "../../skills/index.js";
import { kindOf, notBlank, type Checks, type OwnMisconceptions } from "./answer.js";

/** One thing that a skill must have beyond the checklist. */
export interface SkillCriterion {
  name: string;
  holds: (skill: Skill) => boolean;
  /** Said to a skill that lacks it. */
  tell: string;
}

export interface SkillSpec extends OwnMisconceptions<string> {
  /** The name that the skill must have. */
  name?: string;
  /** Told in this order, once the checklist has nothing against the skill. */
  asks?: readonly SkillCriterion[];
}

/**
 * An answer that is a skill: the path of its folder, or of its SKILL.md. Errors and warnings of the checklist count; the
 * first is told with its file, line and remedy. What a description lacks, and each of `asks`, is a misconception of its own.
 */
export function skillAnswer({ name, asks = [], misconceptions = [] }: SkillSpec = {}): Checks<string> {
  const has = (code: string) => (answer: string) => checkSkill(folderOf(answer)).findings[0]?.code === code;
  return {
    kind: "skill",
    fault: (answer: unknown) => {
      if (typeof answer !== "string") return `Give the path of the skill's folder; this is ${kindOf(answer)}.`;
      notBlank(answer);
      const folder = folderOf(answer);
      try {
        const [first, ...more] = checkSkill(folder).findings;
        if (first) return `${findingText(first)}.${more.length > 0 ? ` (${more.length} more: llmops skill check ${folder})` : ""}`;
        const skill = readSkill(folder);
        if (name !== undefined && skill.name !== name) return `The skill is to be called ${name}; this one is ${skill.name}.`;
        return asks.find(({ holds }) => !holds(skill))?.tell;
      } catch (error) {
        if (error instanceof FileError) return `${error.message}.`;
        throw error;
      }
    },
    misconceptions: [
      ...misconceptions,
      ...CHECKLIST.map(([code, says, message]): Misconception<string> => ({ name: says, matches: has(code), message })),
      ...asks.map(({ name: missing, tell }): Misconception<string> => ({
        name: missing, message: tell,
        matches: (answer) => checkSkill(folderOf(answer)).findings.length === 0 && asks.find(({ holds }) => !holds(readSkill(folderOf(answer))))?.name === missing,
      })),
    ],
  };
}

const folderOf = (answer: string) => (/(?:^|[\\/])SKILL\.md$/.test(answer.trim()) ? dirname(answer.trim()) : answer.trim());

/** Findings for which there is more to say than where they are. */
const CHECKLIST: readonly [code: string, name: string, message: string][] = [
  ["name-folder", "another name than the folder", "Folder and front matter name the skill differently. The specification wants the same name in both; a client that finds a difference may refuse the skill."],
  ["description-when", "only what it does", "The description says what the skill does, not when to use it. An agent decides by this text alone: add a sentence that begins \"Use when\", in the words of a real request."],
  ["description-what", "only when to use it", "The description says when to use the skill, not what it does. Begin with verbs and their objects; then the occasions."],
  ["description-person", "a description that talks of you", "The description talks of you or me. An agent reads it as an entry in a list of tools: what does it do, and is it for this request?"],
  ["version", "no version", 'Nothing says which version this is, so two of them cannot be told apart: under metadata, write version: "1.0", with the quotes.'],
  ["no-instructions", "no instructions", "There is a front matter and nothing after it. The agent that chose this skill would then read: nothing. Write what it should do, step by step."],
];
