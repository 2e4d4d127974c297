/** Which runtime a lesson uses: its door. */
import type { Door } from "../course/doors.js";
import { openJupyter, openLocal } from "./drivers.js";
import { PairError } from "./error.js";
import type { RunRecord } from "./runs.js";
import { DRIVERS, type DriverName, type Runtime } from "./runtime.js";

export interface OpenOptions {
  /** Default: LLMOPS_RUNTIME, else `local`. */
  driver?: DriverName;
  /** Where the local runtime is kept; default: the workbook's own `.workbook`. */
  home?: string;
  /** What a local job needs; default `training`. */
  packages?: "training" | "standard";
  env?: Readonly<Record<string, string | undefined>>;
}

/**
 * The runtime that the settings choose. Nothing is started yet.
 *
 * @throws PairError `setup` where a setting is missing or wrong
 */
export function openRuntime({ env = process.env, ...options }: OpenOptions = {}): Runtime {
  const named = options.driver ?? (env["LLMOPS_RUNTIME"] || "local");
  const driver = DRIVERS.find((known) => known === named);
  switch (driver) {
    case "local":
      return openLocal({ ...(options.home === undefined ? {} : { home: options.home }), ...(options.packages === undefined ? {} : { packages: options.packages }) });
    case "jupyter":
      return openJupyter({ env });
    default:
      throw new PairError("setup", `LLMOPS_RUNTIME is "${named}"; it takes one of ${DRIVERS.join(", ")}`);
  }
}

/** The runtime of a run that was started earlier, found by the address in its record. */
export function reopenRuntime(record: RunRecord, home?: string): Runtime {
  const { driver, packages, address } = record;
  if (driver === "jupyter") return openJupyter({ url: String(address["url"]) });
  return openRuntime({ driver, packages, ...(home === undefined ? {} : { home }) });
}

/** The runtime's line in the table of doors. */
export const runtimeDoor = ({ driver, says }: Runtime): Door => ({ door: "runtime", kind: driver, says });
