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

/** Hours of an average month: 365 days of 24 hours in twelve parts. A rented card is billed for all of them, busy or not. */
export const HOURS_A_MONTH = 730;

/**
 * Dollars for one request on a card of one's own, which is paid by the hour.
 *
 * @param utilisation - requests that come ÷ requests that the card could answer; above 0, at most 1
 */
export function costPerRequest(rate: Rate, dollarsPerHour: number, utilisation: number): Range {
  positive(utilisation, "utilisation");
  if (utilisation > 1) throw new ComputeError("utilisation", `must be at most 1, not ${utilisation}: beyond it a second card is needed`);
  const full = costOfRun(1, rate, dollarsPerHour);
  return { low: full.low / utilisation, high: full.high / utilisation };
}

/** A cost that comes back: retraining, labelling, checking. */
export interface RecurringCost {
  what: string;
  dollars: number;
  /** 1 for every month, 3 for every quarter, 0.25 for about every week. */
  everyMonths: number;
}

/** What recurring costs come to in an average month. */
export function monthlyDollars(costs: readonly RecurringCost[]): number {
  return costs.reduce((sum, { what, dollars, everyMonths }) => {
    if (!Number.isFinite(dollars) || dollars < 0) throw new ComputeError("dollars", `of "${what}" must be 0 or more, not ${dollars}`);
    return sum + dollars / positive(everyMonths, "everyMonths");
  }, 0);
}

/** Building a model instead of paying an API for another one. */
export interface Investment {
  /** Spent once: data, training runs, evaluation, people. */
  setupDollars: number;
  /** From the first day of work to the first request on the own model: the API is paid all the while. */
  monthsToBuild: number;
  /** All that the API costs a month, with the people who look after its prompts. */
  apiDollarsPerMonth: number;
  /** All that the own model costs a month: servers, people, retraining. */
  ownDollarsPerMonth: number;
}

function checkedInvestment(investment: Investment): Investment {
  for (const field of ["setupDollars", "monthsToBuild", "apiDollarsPerMonth", "ownDollarsPerMonth"] as const) {
    if (!Number.isFinite(investment[field]) || investment[field] < 0) throw new ComputeError(field, `must be 0 or more, not ${investment[field]}`);
  }
  return investment;
}

/** Months from the first day of work until the setup is paid back. Undefined when the own model saves nothing. */
export function monthsToPayBack(investment: Investment): number | undefined {
  const { setupDollars, monthsToBuild, apiDollarsPerMonth, ownDollarsPerMonth } = checkedInvestment(investment);
  const saved = apiDollarsPerMonth - ownDollarsPerMonth;
  return saved > 0 ? monthsToBuild + setupDollars / saved : undefined;
}

/** All that was paid until a month, counted from the first day of work; the setup is spent evenly while building. */
export function paidUntil(month: number, investment: Investment): { apiDollars: number; ownDollars: number } {
  const { setupDollars, monthsToBuild, apiDollarsPerMonth, ownDollarsPerMonth } = checkedInvestment(investment);
  if (!Number.isFinite(month) || month < 0) throw new ComputeError("month", `must be 0 or more, not ${month}`);
  const built = monthsToBuild === 0 ? 1 : Math.min(1, month / monthsToBuild);
  const after = Math.max(0, month - monthsToBuild);
  return { apiDollars: month * apiDollarsPerMonth, ownDollars: built * setupDollars + Math.min(month, monthsToBuild) * apiDollarsPerMonth + after * ownDollarsPerMonth };
}

/**
 * Where a result turns from a loss into a gain, or back: the value between two bounds at which `gain` is 0. By halving, so
 * `gain` should not turn more than once between them.
 *
 * @param gain - for instance dollars saved, as a function of the price of an hour
 * @returns undefined when both bounds give the same sign: within them nothing turns the result
 */
export function findFlip(gain: (value: number) => number, from: number, to: number): number | undefined {
  let [low, high] = [from, to];
  const sign = Math.sign(gain(low));
  if (sign === 0) return low;
  if (Math.sign(gain(high)) === 0) return high;
  if (Math.sign(gain(high)) === sign) return undefined;
  for (let i = 0; i < 200 && Math.abs(high - low) > 1e-12 * Math.max(Math.abs(low), Math.abs(high)); i++) {
    const middle = (low + high) / 2;
    if (Math.sign(gain(middle)) === sign) low = middle;
    else high = middle;
  }
  return high;
}
