import { Random } from "../random.js";
import type { TransportFault } from "./ledger.js";

/** Shares of attempts (0 to 1) that fail on the wire. */
export interface FaultRates {
  rateLimit: number;
  serverError: number;
  /** Requests that are never answered; the client has to time out. */
  hang: number;
}

export const DEFAULT_FAULTS: FaultRates = { rateLimit: 0.04, serverError: 0.02, hang: 0.005 };

// The simulator teaches retrying, not giving up: from the fourth attempt on a request comes through.
const PATIENCE = 3;

/** The fault of one attempt (from 1) at one request; undefined when it comes through. */
export function drawFault(rates: FaultRates, seed: number, key: string, attempt: number): TransportFault | undefined {
  if (attempt > PATIENCE) return undefined;
  let left = new Random(seed, key, "fault", attempt).next();
  if ((left -= rates.rateLimit) < 0) return "rate_limit";
  if ((left -= rates.serverError) < 0) return "server_error";
  if ((left -= rates.hang) < 0) return "hang";
  return undefined;
}

/**
 * A token bucket: `burst` requests at once, then `perSecond`. The default is wide enough that a lesson never meets it,
 * so that what a notebook records does not depend on the machine's speed.
 */
export class TokenBucket {
  #tokens: number;
  #last: number;
  readonly #burst: number;
  readonly #perSecond: number;
  readonly #now: () => number;

  constructor(burst: number, perSecond: number, now: () => number = () => performance.now()) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#tokens = burst;
    this.#now = now;
    this.#last = now();
  }

  /** Takes one request's worth. Returns 0 when there was one, else the milliseconds until there will be. */
  take(): number {
    const now = this.#now();
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#last) / 1000) * this.#perSecond);
    this.#last = now;
    if (this.#tokens >= 1) {
      this.#tokens -= 1;
      return 0;
    }
    return Math.ceil(((1 - this.#tokens) / this.#perSecond) * 1000);
  }

  /** Whole requests that would be let through now. */
  get remaining(): number {
    return Math.floor(this.#tokens);
  }
}
