import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join, resolve, sep } from "node:path";
import { FileError, fileError } from "../data/jsonl/file-error.js";
import { findingText } from "./finding.js";
import { parseSkill, type FrontMatter } from "./front-matter.js";

/** A skill as an agent has it: the front matter from the start, the body when it is chosen, the files when they are named. */
export interface Skill extends FrontMatter {
  /** Absolute path of its folder. */
  folder: string;
  /** `metadata.version`. */
  version: string | undefined;
  /** The Markdown after the front matter. */
  body: string;
  /** Every file in the folder, SKILL.md among them, with forward slashes, sorted. */
  files: string[];
}

/** Files that an editor or a system leaves behind. */
const NOT_THE_SKILLS = /(^|\/)(\.DS_Store|Thumbs\.db|__pycache__|\.git|node_modules)(\/|$)/;

/**
 * Reads a skill.
 *
 * @param folder - the folder that holds SKILL.md
 * @throws FileError when there is no SKILL.md, or its front matter cannot be read: with the line and the remedy.
 *   `checkSkill` names every fault instead of the first.
 */
export function readSkill(folder: string): Skill {
  const { source, files, name } = readFolder(folder);
  const { front, body, findings } = parseSkill(source, name);
  if (!front) {
    const first = findings[0];
    throw new FileError("unsupported", join(folder, "SKILL.md"), first ? findingText(first) : "has no front matter", "llmops skill check lists every fault");
  }
  return { ...front, folder: resolve(folder), version: front.metadata?.["version"], body, files };
}

/** What lies in a skill's folder. Throws FileError when there is no SKILL.md. */
export function readFolder(folder: string): { source: string; files: string[]; name: string } {
  const path = join(folder, "SKILL.md");
  if (!existsSync(folder)) throw new FileError("not-found", folder, "no such folder", "check the name and the folder you are in");
  if (!statSync(folder).isDirectory()) throw new FileError("unsupported", folder, "is a file, not a folder", "name the folder that holds SKILL.md");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8", withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length).split(sep).join("/").replace(/^\/+/, ""))
    .filter((file) => !NOT_THE_SKILLS.test(file))
    .sort();
  if (!files.includes("SKILL.md")) {
    const other = files.find((file) => file.toLowerCase() === "skill.md");
    throw new FileError("not-found", path, "no such file", other === undefined ? "name a skill's own folder, and write its SKILL.md" : `rename ${other}: agents look for exactly SKILL.md`);
  }
  try {
    // A byte that is no UTF-8 becomes U+FFFD, which checkSkill reports.
    return { source: readFileSync(path, "utf8"), files, name: basename(resolve(folder)) };
  } catch (cause) {
    throw fileError(cause, path, "read");
  }
}
