import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { Pseudonyms } from "../pii/pseudonym.js";
import type { BuildContext } from "./state.js";
import type { BuildOptions } from "./options.js";
import type { Workspace } from "./workspace.js";

/** What tells a given salt from another, and does not tell the salt; undefined where none was given. */
export function saltTag({ piiSalt }: Pick<BuildOptions, "piiSalt">): string | undefined {
  return piiSalt === undefined ? undefined : new Pseudonyms(piiSalt).tag;
}

/**
 * The salt that was drawn for this build. It lies in the work folder, so that a build that goes on makes the same
 * pseudonyms, and goes with that folder when the build is done.
 */
export function workSalt(space: Workspace): Buffer {
  const path = space.file("pii.salt");
  // Only its owner may read it.
  if (!existsSync(path)) writeFileSync(path, randomBytes(32), { mode: 0o600 });
  return readFileSync(path);
}

/** The pseudonyms of a build that hashes; undefined for one that does not. */
export function pseudonymsOf({ options, settings, space }: BuildContext): Pseudonyms | undefined {
  if (settings.piiSalt === undefined) return undefined;
  return new Pseudonyms(options.piiSalt ?? workSalt(space));
}
