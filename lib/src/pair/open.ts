/** Which runtime a lesson uses: its door. */
import type { Door } from "../course/doors.js";
import { openCli } from "./cli.js";
import { openJupyter, openLocal } from "./drivers.js";
import { PairError } from "./error.js";
import { openHandOff } from "./hand-off.js";
import type { RunRecord } from "./runs.js";
import { DRIVERS, type DriverName, type Report, type Runtime } from "./runtime.js";
import { openTab } from "./tab.js";

export interface OpenOptions {
  /** Default: LLMOPS_RUNTIME, else `local`. */
  driver?: DriverName;
  /** Where the local runtime and the runs are kept; default: the workbook's own `.workbook`. */
  home?: string;
  /** What a local job needs; default `training`. */
  packages?: "training" | "standard";
  env?: Readonly<Record<string, string | undefined>>;
  /** Told what goes on, and what to do in a browser, where the runtime is used without a `start` of its own. */
  report?: Report;
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
    case "tab":
      return openTab(options);
    case "cli":
      return openCli({ ...options, env });
    case "hand-off":
      return openHandOff({ env, ...(options.home === undefined ? {} : { home: options.home }) });
    default:
      throw new PairError("setup", `LLMOPS_RUNTIME is "${named}"; it takes one of ${DRIVERS.join(", ")}`);
  }
}

/** The runtime of a run that was started earlier, found by the address in its record. */
export function reopenRuntime(record: RunRecord, home?: string, report?: Report): Runtime {
  const { driver, packages, address } = record;
  const kept = { packages, ...(home === undefined ? {} : { home }), ...(report === undefined ? {} : { report }) };
  if (driver === "jupyter") return openJupyter({ url: String(address["url"]) });
  if (driver === "tab") return openTab({ ...kept, machine: textOf(address["machine"]) });
  return openRuntime({ driver, ...kept });
}

const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

/** The runtime's line in the table of doors. */
export const runtimeDoor = ({ driver, says }: Runtime): Door => ({ door: "runtime", kind: driver, says });
