/** Calls as a model makes them, and as an examiner wants them. */

/** A call of a tool, whatever form it was written in. */
export interface ModelCall {
  name: string;
  arguments: Readonly<Record<string, unknown>>;
}

/**
 * A call that is wanted: of each argument the values that are right, as the Berkeley Function-Calling Leaderboard writes them.
 * `""` among them means that the argument may be left out.
 */
export interface WantedCall {
  name: string;
  arguments: Readonly<Record<string, readonly unknown[]>>;
}

/** The wanted call that has one right value for each argument, and none that may be left out. */
export function exactly({ name, arguments: given }: ModelCall): WantedCall {
  return { name, arguments: Object.fromEntries(Object.entries(given).map(([key, value]) => [key, [value]])) };
}

/** One call that a wanted call lets through: the first right value of each argument that may not be left out. */
export function anExample({ name, arguments: wanted }: WantedCall): ModelCall {
  return { name, arguments: Object.fromEntries(Object.entries(wanted).flatMap(([key, values]) => (values.includes("") || values.length === 0 ? [] : [[key, values[0]]]))) };
}
