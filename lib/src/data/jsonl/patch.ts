/**
 * What differs between two values that say the same, without any of what they say: which keys are left out or null, their
 * order, the spelling of a role. It lets a row come back as it was from a spelling, or a file format, with fewer ways to write it.
 */

import { isJsonObject, sameJson, setOwn, type JsonObject } from "./json.js";

/** The difference between a row and its plain spelling. Every part is conditional, so that it never undoes an edit. */
export interface Patch {
  /** For a leaf: put the second value where the first stands. */
  swap?: [plain: unknown, own: unknown];
  /** Keys to leave out, each with the value it must have. */
  drop?: Record<string, unknown>;
  add?: JsonObject;
  order?: string[];
  keys?: Record<string, Patch>;
  /** For a list: the length it must have, and patches by index. */
  length?: number;
  items?: Record<string, Patch>;
}

/** The patch that makes `own` of `plain`; undefined when they are the same, `"lost"` when no patch without content can. */
export function difference(plain: unknown, own: unknown, key = ""): Patch | undefined | "lost" {
  if (Array.isArray(plain) && Array.isArray(own)) {
    if (plain.length !== own.length) return "lost";
    const items: Record<string, Patch> = {};
    for (let at = 0; at < own.length; at++) {
      const patch = difference(plain[at], own[at]);
      if (patch === "lost") return "lost";
      if (patch) items[at] = patch;
    }
    return Object.keys(items).length > 0 ? { length: own.length, items } : undefined;
  }
  if (!isJsonObject(plain) || !isJsonObject(own)) {
    if (sameJson(plain, own)) return undefined;
    const spelling = (typeof plain === "string" && typeof own === "string" && (key === "role" || key === "from")) || (isNothing(plain) && isNothing(own));
    return spelling ? { swap: [plain, own] } : "lost";
  }
  const patch: Patch = {};
  const kept: string[] = [];
  for (const name of Object.keys(plain)) {
    if (Object.hasOwn(own, name)) {
      kept.push(name);
      const inner = difference(plain[name], own[name], name);
      if (inner === "lost") return "lost";
      if (inner) setOwn((patch.keys ??= {}), name, inner);
    } else {
      if (!isNothing(plain[name]) && plain[name] !== "function") return "lost";
      setOwn((patch.drop ??= {}), name, plain[name]);
    }
  }
  for (const name of Object.keys(own)) {
    if (Object.hasOwn(plain, name)) continue;
    kept.push(name);
    setOwn((patch.add ??= {}), name, own[name]);
  }
  const order = Object.keys(own);
  if (order.some((name, at) => name !== kept[at])) patch.order = order;
  return Object.keys(patch).length > 0 ? patch : undefined;
}

/** Null, empty text, an empty list: what stands for "not there" in one spelling or another. */
function isNothing(value: unknown): boolean {
  return value === null || value === "" || (Array.isArray(value) && value.length === 0);
}

/** Applies a patch where its conditions hold; leaves alone what was edited since. */
export function patched(plain: unknown, patch: Patch): unknown {
  if (patch.swap) return sameJson(plain, patch.swap[0]) ? patch.swap[1] : plain;
  if (Array.isArray(plain)) {
    if (plain.length !== patch.length) return plain;
    return plain.map((item: unknown, at) => {
      const inner = patch.items?.[at];
      return inner ? patched(item, inner) : item;
    });
  }
  if (!isJsonObject(plain)) return plain;
  const result: JsonObject = {};
  for (const [name, value] of Object.entries(plain)) {
    if (patch.drop && Object.hasOwn(patch.drop, name) && sameJson(value, patch.drop[name])) continue;
    const inner = patch.keys && Object.hasOwn(patch.keys, name) ? patch.keys[name] : undefined;
    setOwn(result, name, inner ? patched(value, inner) : value);
  }
  for (const [name, value] of Object.entries(patch.add ?? {})) {
    if (!Object.hasOwn(result, name)) setOwn(result, name, value);
  }
  if (!patch.order) return result;
  const ordered: JsonObject = {};
  for (const name of patch.order) if (Object.hasOwn(result, name)) setOwn(ordered, name, result[name]);
  for (const [name, value] of Object.entries(result)) if (!Object.hasOwn(ordered, name)) setOwn(ordered, name, value);
  return ordered;
}
