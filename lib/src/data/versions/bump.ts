import { formatNumber } from "../report/number.js";
import type { ChangeKind } from "./change.js";
import { BUMPS, type Bump } from "./record.js";
import { semver } from "./semver.js";
import type { SchemaDiff } from "./schema.js";

/** The version of what is published first. */
export const FIRST_VERSION = "1.0.0";

/** What a version's number has to say about a difference, with the reasons for it. */
export interface BumpProposal {
  /** Undefined where the rows are the same. */
  bump: Bump | undefined;
  reasons: string[];
}

/** What of a diff decides: see `DatasetDiff`. */
export interface Difference {
  same: boolean;
  rows: { added: number; removed: number; moved: number; reordered: boolean };
  changes: Readonly<Record<ChangeKind, number>>;
  schema: Pick<SchemaDiff, "breaking" | "additive">;
}

/**
 * Which part of a version's number a difference raises. The rule, from the side of those who train and test with it:
 *
 * - **major**: what was there no longer holds. Rows removed or relabelled, rows moved to another split, a split or a
 *   field gone, a field with a new type or no longer in every row, another format. Results before and after cannot be
 *   compared, or code that reads the rows can break.
 * - **minor**: there is more. Rows, splits or fields added.
 * - **patch**: the same rows, better. Text corrected, ids or fields that are no labels changed, another order.
 */
export function proposeBump({ rows, changes, schema, same }: Difference): BumpProposal {
  if (same) return { bump: undefined, reasons: [] };
  const reasons: Record<Bump, string[]> = { major: [], minor: [], patch: [] };
  const say = (bump: Bump, count: number, what: string): void => {
    if (count > 0) reasons[bump].push(`${formatNumber(count)} ${count === 1 ? "row" : "rows"} ${what}`);
  };
  for (const fault of schema.breaking) reasons.major.push(fault);
  say("major", rows.removed, "removed");
  say("major", changes.label, "relabelled");
  say("major", rows.moved, "moved to another split");
  say("minor", rows.added, "added");
  for (const more of schema.additive) reasons.minor.push(more);
  say("patch", changes.text, "with corrected text");
  say("patch", changes.format + changes.id + changes.metadata, "with other ids or fields beside the text");
  if (rows.reordered) reasons.patch.push("the rows stand in another order");
  const bump = BUMPS.find((level) => reasons[level].length > 0) ?? "patch";
  return { bump, reasons: BUMPS.flatMap((level) => reasons[level]) };
}

/** The next version. A prerelease is followed by its release or by a higher one, as npm counts. */
export function nextVersion(latest: string, bump: Bump): string {
  const next = semver().inc(latest, bump);
  if (next === null) throw new Error(`${latest} is no version`);
  return next;
}
