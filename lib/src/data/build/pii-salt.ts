import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { Pseudonyms } from "../pii/pseudonym.js";
import type { BuildOptions, BuildSettings } from "./options.js";
import type { Workspace } from "./workspace.js";

/** What tells a given salt from another, and does not tell the salt; undefined where none was given. */
export function saltTag({ piiSalt }: Pick<BuildOptions, "piiSalt">): string | undefined {
  return piiSalt === undefined ? undefined : new Pseudonyms(piiSalt).tag;
}

/**
 * The salt that was drawn for this build. It lies in the work folder, so that a build that goes on makes the same
 * pseudonyms, and goes with that folder when the build is done.
 */
function workSalt(space: Workspace): Buffer {
  const path = space.file("pii.salt");
  // Only its owner may read it.
  if (!existsSync(path)) writeFileSync(path, randomBytes(32), { mode: 0o600 });
  return readFileSync(path);
}

/** The salt of a build that makes pseudonyms; undefined for one that does not. */
export function saltOf(options: BuildOptions, settings: BuildSettings, space: Workspace): string | Uint8Array | undefined {
  return settings.piiSalt === undefined ? undefined : (options.piiSalt ?? workSalt(space));
}
