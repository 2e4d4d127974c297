import { VersionError } from "./error.js";
import { semver } from "./semver.js";

/** `ds://[project/]name[@version]`, taken apart. */
export interface VersionReference {
  /** `name` or `project/name`. */
  name: string;
  /** A version (`1.2.0`), a range (`^1.2`), `latest`, or the beginning of a content hash (`sha256:1f0c…`). */
  wanted: string;
}

/** Names are paths on every system, so: lower case, and no character that one of them treats specially. */
const NAME = /^[a-z0-9][a-z0-9._-]{0,63}(?:\/[a-z0-9][a-z0-9._-]{0,63})?$/;

/** Shorter beginnings of a hash meet by chance too easily. */
const HASH = /^sha256:([0-9a-f]{8,64})$/;

/** Whether a text is meant as a reference rather than as a path. */
export function isReference(text: string): boolean {
  return /^ds:\/\//i.test(text);
}

/** @throws VersionError for a name that could not be a reference's */
export function checkName(name: string): string {
  if (!NAME.test(name)) {
    throw new VersionError("bad-reference", `"${name}" cannot be the name of a dataset: write lower-case letters, digits, ".", "_" and "-", with at most one "/" for a project, e.g. task-api or support/task-api`);
  }
  return name;
}

/**
 * Takes a reference apart. Without a version it means the latest one.
 *
 * Ranges are npm's (`^1.2`, `~1.2.3`, `1.x`, `>=1 <2`); a range finds a prerelease only where it names one.
 *
 * @throws VersionError when it is none, naming the part that is wrong
 */
export function parseReference(text: string): VersionReference {
  const found = /^ds:\/\/([^@]*)(?:@(.*))?$/s.exec(text.trim());
  if (!found) throw new VersionError("bad-reference", `"${text}" is no reference to a dataset: write ds://name@version, e.g. ds://task-api@^1.2`);
  const name = checkName(found[1] as string);
  const wanted = found[2]?.trim() ?? "latest";
  if (wanted === "latest" || HASH.test(wanted)) return { name, wanted };
  if (wanted === "" || semver().validRange(wanted) === null) {
    throw new VersionError("bad-reference", `"${wanted}" in ${text} is no version: write 1.2.0, a range such as ^1.2 or 1.x, latest, or sha256: with at least 8 hexadecimal digits`);
  }
  return { name, wanted };
}

/** @throws VersionError unless the text is a whole version in its usual spelling */
export function checkVersion(text: string): string {
  // Versions that differ only in build metadata (1.0.0+a, 1.0.0+b) have no order, so there are none here.
  if (semver().valid(text) !== text || (semver().parse(text)?.build.length ?? 0) > 0) {
    throw new VersionError("bad-reference", `"${text}" is no version: write three numbers such as 1.2.0, or 1.2.0-rc.1`);
  }
  return text;
}

/**
 * The version among those given that a reference means: the highest in its range.
 *
 * @param versions - each with the hash of its content
 * @returns undefined when there is none
 * @throws VersionError when the beginning of a hash fits several contents
 */
export function chooseVersion(wanted: string, versions: readonly { version: string; content: string }[]): string | undefined {
  const names = versions.map(({ version }) => version);
  if (wanted === "latest") {
    // The highest that is no prerelease; where there are only such, the highest of them.
    return semver().maxSatisfying(names, "*") ?? semver().rsort([...names])[0];
  }
  const hash = HASH.exec(wanted)?.[1];
  if (hash === undefined) return semver().maxSatisfying(names, wanted) ?? undefined;
  const found = versions.filter(({ content }) => content.startsWith(hash));
  if (found.length > 1) throw new VersionError("bad-reference", `${wanted} begins the content of ${found.map(({ version }) => version).join(" and ")}: write more digits`);
  return found[0]?.version;
}

/** How a version is referred to. */
export function referenceOf(name: string, version: string): string {
  return `ds://${name}@${version}`;
}
