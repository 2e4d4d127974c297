/** Processes of this machine, by their number. */

/** Whether a process of ours is there. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
