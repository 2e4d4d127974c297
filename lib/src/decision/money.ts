/** When a model of one's own has paid for itself. Counted in requests: cost.ts divides by a million whatever is served. */
import { costOfMonth, type BreakEvenInput } from "../compute/index.js";
import type { UseCase } from "./use-case.js";

export const DAYS_PER_MONTH = 30;

export interface Money {
  /** Dollars a month of the prompted model, and of one's own beside it. */
  apiDollars: number;
  ownDollars: number;
  /** What is saved; below 0 where it costs more. */
  savedDollars: number;
  /** Examples that are still to be made included. */
  setupDollars: number;
  /** Undefined where nothing is saved. */
  paybackDays: number | undefined;
}

/**
 * The money of a use case; undefined where a price is missing or no provider may be used.
 *
 * Requests that would leave a further server half empty may stay with the API, so more requests never save less: the month
 * is the cheapest of all requests on servers of one's own, only those that fill servers, and those that one server can take.
 *
 * @param missingExamples - to be made before training
 */
export function moneyOf(facts: UseCase, missingExamples: number): Money | undefined {
  const { apiDollarsPerRequest, serverDollarsPerMonth, serverRequestsPerDay, setupDollars: training, exampleDollars } = facts;
  // What may not leave has no provider's price to be compared with.
  if (!facts.dataMayLeave) return undefined;
  if (apiDollarsPerRequest === undefined || serverDollarsPerMonth === undefined || training === undefined) return undefined;
  // Examples without a price cost nothing here; whether they can be had is another question.
  const setupDollars = training + missingExamples * (exampleDollars ?? 0);
  const requests = facts.requestsPerDay * DAYS_PER_MONTH;
  const apiDollars = requests * apiDollarsPerRequest;
  // One server serves all where nobody said what it can.
  const capacity = serverRequestsPerDay === undefined ? Math.max(requests, 1) : serverRequestsPerDay * DAYS_PER_MONTH;
  const saved = apiDollarsPerRequest === 0 ? -(serverDollarsPerMonth + facts.operationsDollarsPerMonth) : bestSaving(requests, {
    setupDollars, serverDollarsPerMonth, operationsDollarsPerMonth: facts.operationsDollarsPerMonth,
    apiDollarsPerMillion: apiDollarsPerRequest * 1e6, capacityPerMonth: capacity,
  });
  return { apiDollars, ownDollars: apiDollars - saved, savedDollars: saved, setupDollars, paybackDays: saved > 0 ? (setupDollars / saved) * DAYS_PER_MONTH : undefined };
}

function bestSaving(requests: number, input: BreakEvenInput): number {
  const full = Math.floor(requests / input.capacityPerMonth) * input.capacityPerMonth;
  const served = [requests, Math.min(requests, input.capacityPerMonth), ...(full > 0 ? [full] : [])];
  return Math.max(...served.map((own) => {
    const month = costOfMonth(own, input);
    return month.apiDollars - month.ownDollars;
  }));
}
