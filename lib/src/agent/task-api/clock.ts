/** The service's time. */
export interface Clock {
  /** YYYY-MM-DD, in the machine's time zone: what people here call today. */
  today(): string;
  now(): Date;
}

export const machineClock: Clock = {
  today: () => {
    const now = new Date();
    return [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
  },
  now: () => new Date(),
};

/** A clock that stands on one day, for lessons and tests: 09:00 UTC, a second later at every look, so that order shows. */
export function fixedClock(today: string): Clock {
  let looks = 0;
  return { today: () => today, now: () => new Date(Date.parse(`${today}T09:00:00Z`) + 1000 * looks++) };
}
