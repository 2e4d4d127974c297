"use strict";
/** What the main thread and control-worker.cjs share. */
module.exports = {
  /**
   * Options of every socket: a message is handed over within `send`, which nobody here awaits.
   *
   * No limit on what waits to be sent: at the default of 1,000 a publisher drops messages silently. And no waiting: otherwise zeromq.js
   * (6.8) puts off each 512th message of a socket to the next turn, and throws "Socket is busy writing" for one that is sent before it.
   */
  SENDS_AT_ONCE: { sendHighWaterMark: 0, sendTimeout: 0 },
  /** Index in the shared array: the number of the last interrupt that the main thread has seen. */
  ANSWERED: 0,
  /** Index in the shared array: above 0 while the main thread does work of the kernel's that must not be cut off. */
  GUARDED: 1,
  /** Index in the shared array: the number of the last interrupt that was asked for. */
  REQUESTED: 2,
  /** Byte offset in the shared array: when that interrupt was sent, by the clock of who sent it, in milliseconds. */
  SENT_AT: 16,
  /** How often an unanswered interrupt is looked at. */
  LOOK_MS: 50,
  /** An unanswered main thread is taken to be in a loop, and its call terminated, when it has computed for this long. */
  PATIENCE_CPU_MS: 120,
};
