/** What a student's code may use, and the words for what a machine can and cannot hold it to. */

export interface Limits {
  /** Wall time of a notebook's answers together, beyond start-up. */
  seconds: number;
  /** CPU time of one answer's process, start-up included. */
  cpuSeconds: number;
  /** JavaScript heap of one answer's process. */
  memoryMiB: number;
  /** Processes and threads; Node itself has about a dozen. */
  processes: number;
  /** What one answer may print. */
  outputMiB: number;
}

export const DEFAULTS: Limits = { seconds: 20, cpuSeconds: 30, memoryMiB: 512, processes: 64, outputMiB: 8 };

/** What the probe looks for, one by one: each is tried from inside the sandbox before the first notebook. */
export const BARRIERS = {
  files: "reading files outside its own (solutions, other notebooks)",
  writing: "writing outside its scratch folder",
  network: "the network beyond this process",
  children: "starting programs",
  processes: "the number of processes",
  cpu: "CPU time",
  memory: "memory outside the JavaScript heap",
  disk: "the space it fills on disk",
  orphans: "processes that outlive the grader",
} as const;
export type Barrier = keyof typeof BARRIERS;
