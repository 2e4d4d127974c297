import { ComputeError } from "./error.js";
import type { Rate } from "./roofline.js";

/** From the slow end of a rate to the fast one. */
export interface Range {
  low: number;
  high: number;
}

function positive(value: number, field: string): number {
  if (!Number.isFinite(value) || value <= 0) throw new ComputeError(field, `must be a number above 0, not ${value}`);
  return value;
}

/** Hours that so many tokens take. */
export function hoursFor(tokens: number, rate: Rate): Range {
  positive(tokens, "tokens");
  return { low: tokens / rate.high / 3600, high: tokens / rate.low / 3600 };
}

/** Dollars of a run at an hourly price. */
export function costOfRun(tokens: number, rate: Rate, dollarsPerHour: number): Range {
  const hours = hoursFor(tokens, rate);
  if (!Number.isFinite(dollarsPerHour) || dollarsPerHour < 0) throw new ComputeError("dollarsPerHour", `must be 0 or more, not ${dollarsPerHour}`);
  return { low: hours.low * dollarsPerHour, high: hours.high * dollarsPerHour };
}

/** Dollars for a million tokens at full load. */
export function costPerMillion(rate: Rate, dollarsPerHour: number): Range {
  return costOfRun(1e6, rate, dollarsPerHour);
}

/** What a break-even is computed from. */
export interface BreakEvenInput {
  /** Spent once: data, training, evaluation. */
  setupDollars: number;
  /** The server's price, whether it works or not. */
  serverDollarsPerMonth: number;
  /** People and tools that the server needs. */
  operationsDollarsPerMonth: number;
  /** What the API takes for a million tokens, prompt and answer in the mix that is served. */
  apiDollarsPerMillion: number;
  /** Tokens a month that one server can serve. */
  capacityPerMonth: number;
}

/** A month's costs at a volume. */
export interface MonthlyCost {
  tokens: number;
  servers: number;
  ownDollars: number;
  apiDollars: number;
}

function checked(input: BreakEvenInput): BreakEvenInput {
  for (const field of ["setupDollars", "serverDollarsPerMonth", "operationsDollarsPerMonth"] as const) {
    if (!Number.isFinite(input[field]) || input[field] < 0) throw new ComputeError(field, `must be 0 or more, not ${input[field]}`);
  }
  positive(input.apiDollarsPerMillion, "apiDollarsPerMillion");
  positive(input.capacityPerMonth, "capacityPerMonth");
  return input;
}

/** What a month costs on one's own servers, and through the API. */
export function costOfMonth(tokens: number, input: BreakEvenInput): MonthlyCost {
  const { serverDollarsPerMonth, operationsDollarsPerMonth, apiDollarsPerMillion, capacityPerMonth } = checked(input);
  if (!Number.isFinite(tokens) || tokens < 0) throw new ComputeError("tokens", `must be 0 or more, not ${tokens}`);
  const servers = Math.max(1, Math.ceil(tokens / capacityPerMonth));
  return { tokens, servers, ownDollars: servers * serverDollarsPerMonth + operationsDollarsPerMonth, apiDollars: (tokens / 1e6) * apiDollarsPerMillion };
}

/**
 * The lowest volume at which one's own servers cost no more each month, and the months until the setup is paid back. Just
 * above a full server the next one stands half empty, and the API may be cheaper again for a while.
 *
 * @param tokens - the volume that the months are for
 * @returns `tokensPerMonth` is undefined when a full server costs more than the API for what it can serve: then no volume pays
 */
export function breakEven(tokens: number, input: BreakEvenInput): { tokensPerMonth: number | undefined; months: number | undefined } {
  const { setupDollars, serverDollarsPerMonth, operationsDollarsPerMonth, apiDollarsPerMillion, capacityPerMonth } = checked(input);
  // Dollars times a million before the division: round prices then give round volumes.
  const tokensFor = (dollars: number): number => (dollars * 1e6) / apiDollarsPerMillion;
  let volume: number | undefined;
  // With n servers the line is flat between (n - 1) and n times the capacity: it is crossed in the first step where it can be.
  const saving = (capacityPerMonth / 1e6) * apiDollarsPerMillion - serverDollarsPerMonth;
  if (saving > 0) {
    const servers = Math.max(1, Math.ceil(operationsDollarsPerMonth / saving));
    for (let n = servers; n <= servers + 1 && volume === undefined; n++) {
      const crossing = tokensFor(n * serverDollarsPerMonth + operationsDollarsPerMonth);
      if (crossing <= n * capacityPerMonth) volume = Math.max(crossing, (n - 1) * capacityPerMonth);
    }
  }
  const month = costOfMonth(tokens, input);
  const saved = month.apiDollars - month.ownDollars;
  return { tokensPerMonth: volume, months: saved > 0 ? setupDollars / saved : undefined };
}
