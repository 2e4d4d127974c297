import type { ScannedDataset } from "./scan.js";

/** What is different in the shape of rows. */
export interface SchemaDiff {
  /** Fields (`operation`, `messages[].name`) that only B has, that only A has, and those with other types. */
  added: string[];
  removed: string[];
  retyped: { field: string; before: string[]; after: string[] }[];
  /** Sentences on what can break code that reads the rows, and on what is new. */
  breaking: string[];
  additive: string[];
}

/**
 * Compares the shape of rows: splits, format, fields and their types. A field that goes, that gets a type it did not have,
 * or that is no longer in every row can break code; a field or a split that is new cannot.
 */
export function compareSchemas(a: ScannedDataset, b: ScannedDataset): SchemaDiff {
  const before = new Map(a.fields.fields().map((field) => [field.path, field]));
  const after = new Map(b.fields.fields().map((field) => [field.path, field]));
  const result: SchemaDiff = { added: [], removed: [], retyped: [], breaking: [], additive: [] };
  const names = (scan: ScannedDataset): string[] => scan.dataset.splits.map(({ name }) => name);
  for (const split of names(a)) if (!names(b).includes(split)) result.breaking.push(`the split ${split} is gone`);
  for (const split of names(b)) if (!names(a).includes(split)) result.additive.push(`the split ${split} is new`);
  // Sides without rows have no shape to compare.
  if (a.count === 0 || b.count === 0) return result;
  if (a.format !== b.format) result.breaking.push(`the format is ${b.format ?? "unknown"}, it was ${a.format ?? "unknown"}`);
  const isTop = (path: string): boolean => !/[.[]/.test(path);
  for (const [path, { types, count }] of before) {
    const now = after.get(path);
    if (!now) {
      result.removed.push(path);
      if (isTop(path)) result.breaking.push(`the field ${path} is gone`);
      continue;
    }
    const more = Object.keys(now.types).filter((type) => !Object.hasOwn(types, type));
    const fewer = Object.keys(types).some((type) => !Object.hasOwn(now.types, type));
    if (more.length > 0 || fewer) result.retyped.push({ field: path, before: Object.keys(types), after: Object.keys(now.types) });
    if (more.length > 0) result.breaking.push(`the field ${path} can be ${more.join(" or ")}, it was ${Object.keys(types).join(" or ")}`);
    if (isTop(path) && count === a.count && now.count < b.count) result.breaking.push(`the field ${path} is no longer in every row`);
  }
  for (const path of after.keys()) {
    if (before.has(path)) continue;
    result.added.push(path);
    if (isTop(path)) result.additive.push(`the field ${path} is new`);
  }
  return result;
}
