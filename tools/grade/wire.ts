/**
 * Values between the process that runs a student's code and the thread that judges it, as JSON.
 *
 * Not V8's own serialisation: what arrives was written by a program that may be hostile, and JSON.parse gives nothing but
 * strings, numbers, lists and objects. Copies cross, never references: an answer that changes its arguments changes copies.
 */

/** JSON with one-letter tags for what JSON has no word for. A bare list stands for itself. */
export type Wire = string | number | boolean | null | Wire[] | { [tag: string]: unknown };

/** What a process keeps of its own functions and objects, so that the other side can call them by number. */
export interface Handles {
  functions: ((...args: unknown[]) => unknown)[];
  /** Calls function `id` of the other side, as the method of what it stood on. */
  call: (id: number, args: unknown[]) => unknown;
}

/** Deeper lists are refused: JSON.stringify would overflow the stack first. */
const DEEPEST = 200;
/** A class instance is passed as its methods; more than these are left out. */
const MOST_METHODS = 300;
/** No exercise needs a tenth of it; each takes about a microsecond on either side. */
const MOST_PARTS = 500_000;

const TYPED = { Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array };
type TypedName = keyof typeof TYPED;

// Loops by index, and functions taken before any student's code ran: it may have replaced what prototypes hold.
const { isArray, from } = Array;
const { is, keys, getPrototypeOf, getOwnPropertyNames, getOwnPropertyDescriptor, defineProperty } = Object;
const { prototype: plain } = Object;
const TypedArray = getPrototypeOf(Uint8Array) as new () => { buffer: ArrayBuffer; byteOffset: number; byteLength: number };

export class WireError extends Error {
  override name = "WireError";
}

/** @throws WireError where a value holds itself, is nested too deep or has too many parts */
export const encode = (value: unknown, handles: Handles): Wire => encodeIn(value, { handles, around: new Set(), parts: 0 });

interface Place {
  handles: Handles;
  /** The objects that this value is a part of. */
  around: Set<object>;
  parts: number;
}

function encodeIn(given: unknown, place: Place): Wire {
  const value = given as string | number | boolean | bigint | symbol | undefined | null | object;
  const { handles, around } = place;
  if (++place.parts > MOST_PARTS) throw new WireError(`a value has more than ${MOST_PARTS} parts`);
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) && !is(value, -0) ? value : { n: is(value, -0) ? "-0" : `${value}` };
    case "bigint":
      return { b: `${value}` };
    case "undefined":
      return { u: 1 };
    case "symbol":
      return { y: value.description ?? "" };
    case "function":
      return { f: keep(value as Handles["functions"][number], handles), ...methodsOf(value, handles) };
  }
  if (value === null) return null;
  if (around.has(value)) throw new WireError("a value holds itself");
  if (around.size >= DEEPEST) throw new WireError(`a value is nested more than ${DEEPEST} deep`);
  around.add(value);
  try {
    return encodeObject(value, (part) => encodeIn(part, place), handles);
  } finally {
    around.delete(value);
  }
}

function encodeObject(value: object, inner: (part: unknown) => Wire, handles: Handles): Wire {
  if (isArray(value)) {
    const list: Wire[] = [];
    for (let at = 0; at < value.length; at++) put(list, at, inner(value[at]));
    return list;
  }
  if (value instanceof Map) {
    const pairs: Wire[] = [];
    let at = 0;
    for (const [key, held] of value as Map<unknown, unknown>) {
      put(pairs, at++, inner(key));
      put(pairs, at++, inner(held));
    }
    return { m: pairs };
  }
  if (value instanceof Set) {
    const members: Wire[] = [];
    let at = 0;
    for (const member of value as Set<unknown>) put(members, at++, inner(member));
    return { s: members };
  }
  if (value instanceof Date) return { d: value.getTime() };
  if (value instanceof RegExp) return { x: [value.source, value.flags] };
  if (value instanceof Error) return { e: [`${value.name}`, `${value.message}`] };
  if (value instanceof TypedArray) {
    const { buffer, byteOffset, byteLength } = value;
    return { t: [value.constructor.name, Buffer.from(buffer, byteOffset, byteLength).toString("base64")] };
  }
  return { ...fieldsOf(value, inner), ...methodsOf(value, handles) };
}

/** Without a setter that someone put on Array.prototype. */
const put = (list: Wire[], at: number, value: Wire) => void defineProperty(list, at, { value, writable: true, enumerable: true, configurable: true });

function fieldsOf(value: object, inner: (part: unknown) => Wire): { o: Wire[] } {
  const fields: Wire[] = [];
  const prototype: unknown = getPrototypeOf(value);
  const isPlain = prototype === plain || prototype === null;
  const names = keys(value);
  let to = 0;
  for (let at = 0; at < names.length; at++) {
    const name = names[at]!;
    const held: unknown = (value as Record<string, unknown>)[name];
    if (typeof held === "function") continue; // methodsOf has it
    let part: Wire;
    try {
      part = inner(held);
    } catch (error) {
      if (isPlain) throw error;
      continue; // of a class instance, its data as far as it goes: a schema's parts know the whole
    }
    put(fields, to++, name);
    put(fields, to++, part);
  }
  return { o: fields };
}

function keep(what: Handles["functions"][number], handles: Handles): number {
  handles.functions.push(what);
  return handles.functions.length - 1;
}

/** The callable properties of an object, its class's included: `schema.safeParse` is one. */
function methodsOf(value: object, handles: Handles): { c?: Wire[] } {
  const pairs: Wire[] = [];
  const seen = new Set<string>(["constructor"]);
  const isFunction = typeof value === "function";
  for (let at: object | null = value, count = 0; at && at !== plain && at !== Function.prototype; at = getPrototypeOf(at) as object | null) {
    for (const name of getOwnPropertyNames(at)) {
      if (seen.has(name) || count >= MOST_METHODS) continue;
      seen.add(name);
      const held = valueOf(value, name, getOwnPropertyDescriptor(at, name));
      if (typeof held !== "function" || (isFunction && name === "prototype")) continue;
      count++;
      pairs.push(name, keep((...args) => Reflect.apply(held, value, args), handles));
    }
  }
  return pairs.length ? { c: pairs } : {};
}

/** A method may be behind a getter, which makes it when it is first asked for: zod's are. */
function valueOf(value: object, name: string, descriptor: PropertyDescriptor | undefined): unknown {
  if (!descriptor?.get) return descriptor?.value;
  try {
    return (value as Record<string, unknown>)[name];
  } catch {
    return undefined;
  }
}

/** @throws WireError where the other side sent what no encoder writes */
export function decode(wire: unknown, handles: Handles, depth = 0): unknown {
  if (depth > 2 * DEEPEST) throw new WireError("a value is nested too deep");
  if (wire === null || typeof wire !== "object") return wire;
  const inner = (part: unknown) => decode(part, handles, depth + 1);
  if (isArray(wire)) return wire.map(inner);
  const tagged = wire as Record<string, unknown>;
  if ("f" in tagged) return withMethods((...args: unknown[]) => handles.call(integer(tagged["f"]), args), tagged["c"], handles);
  if ("o" in tagged) {
    const fields = list(tagged["o"]);
    const object: Record<string, unknown> = {};
    for (let at = 0; at + 1 < fields.length; at += 2) {
      defineProperty(object, String(fields[at]), { value: inner(fields[at + 1]), writable: true, enumerable: true, configurable: true });
    }
    return withMethods(object, tagged["c"], handles);
  }
  if ("n" in tagged) return Number(tagged["n"]);
  if ("b" in tagged) return BigInt(String(tagged["b"]));
  if ("u" in tagged) return undefined;
  if ("y" in tagged) return Symbol(String(tagged["y"]));
  if ("d" in tagged) return new Date(Number(tagged["d"]));
  if ("s" in tagged) return new Set(list(tagged["s"]).map(inner));
  if ("m" in tagged) {
    const pairs = list(tagged["m"]);
    return new Map(from({ length: Math.floor(pairs.length / 2) }, (_, at) => [inner(pairs[2 * at]), inner(pairs[2 * at + 1])]));
  }
  if ("x" in tagged) return new RegExp(...(list(tagged["x"]).map(String) as [string, string]));
  if ("e" in tagged) return errorFrom(list(tagged["e"]));
  if ("t" in tagged) {
    const [name, base64] = list(tagged["t"]).map(String);
    const Typed = TYPED[name as TypedName];
    if (!Object.hasOwn(TYPED, name!)) throw new WireError(`there is no ${name}`);
    const bytes = Uint8Array.from(Buffer.from(base64!, "base64")).buffer;
    return new Typed(bytes);
  }
  throw new WireError("an unknown kind of value");
}

/** An error of the other side, by its name and message: `String(error)` is what it was there. */
export const errorFrom = ([name, message]: readonly unknown[]): Error =>
  defineProperty(new Error(String(message)), "name", { value: String(name), writable: true, enumerable: false, configurable: true });

function withMethods<Target extends object>(target: Target, pairs: unknown, handles: Handles): Target {
  if (pairs === undefined) return target;
  const methods = list(pairs);
  for (let at = 0; at + 1 < methods.length; at += 2) {
    const id = integer(methods[at + 1]);
    defineProperty(target, String(methods[at]), { value: (...args: unknown[]) => handles.call(id, args), writable: true, enumerable: false, configurable: true });
  }
  return target;
}

function list(value: unknown): unknown[] {
  if (!isArray(value)) throw new WireError("a list is missing");
  return value;
}

function integer(value: unknown): number {
  if (!Number.isSafeInteger(value)) throw new WireError("a number is missing");
  return value as number;
}
