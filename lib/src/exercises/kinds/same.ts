/** Whether two results are the same, as a student means it: key order and the last digits of a fraction do not count. */

/** Numbers closer than this share of the larger one are the same: sums in another order differ by less. */
const RELATIVE = 1e-6;
const ABSOLUTE = 1e-9;

export function sameResult(given: unknown, expected: unknown): boolean {
  if (typeof given === "number" && typeof expected === "number") {
    return Object.is(given, expected) || given === expected || Math.abs(given - expected) <= ABSOLUTE + RELATIVE * Math.abs(expected);
  }
  return compare(given, expected, sameResult);
}

/** Same to the last bit: for telling whether a function changed what it was given. */
export const sameValue = (given: unknown, expected: unknown): boolean => Object.is(given, expected) || compare(given, expected, sameValue);

function compare(given: unknown, expected: unknown, same: (a: unknown, b: unknown) => boolean): boolean {
  if (given === expected) return true;
  if (typeof given !== "object" || typeof expected !== "object" || given === null || expected === null) return false;
  if (isList(given) || isList(expected)) {
    return isList(given) && isList(expected) && given.length === expected.length && Array.from(expected).every((value, at) => same(given[at], value));
  }
  if (given instanceof Set || expected instanceof Set) {
    // A set has no order: each member finds a partner.
    return given instanceof Set && expected instanceof Set && given.size === expected.size && [...expected].every((value) => given.has(value) || [...given].some((other) => same(other, value)));
  }
  if (given instanceof Map || expected instanceof Map) {
    return given instanceof Map && expected instanceof Map && given.size === expected.size && [...expected].every(([key, value]) => given.has(key) && same(given.get(key), value));
  }
  if (given instanceof Date || expected instanceof Date) return given instanceof Date && expected instanceof Date && given.getTime() === expected.getTime();
  const one = fields(given), other = fields(expected);
  return one.size === other.size && [...other].every(([name, value]) => one.has(name) && same(one.get(name), value));
}

const isList = (value: object): value is ArrayLike<unknown> & object => Array.isArray(value) || (ArrayBuffer.isView(value) && "length" in value);

// A field that holds undefined is as good as none: { a: 1, b: undefined } is { a: 1 }.
const fields = (value: object) => new Map(Object.entries(value).filter(([, one]) => one !== undefined));
