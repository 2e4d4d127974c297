import type { AddressInfo } from "node:net";
import type { Door } from "../../course/doors.js";
import { isDay } from "../../data/quality/task-api/dates.js";
import { fixedClock, machineClock } from "./clock.js";
import { openDatabase, type Database } from "./database.js";
import { DatabaseError } from "./error.js";
import type { NewTask, Task } from "./schema.js";
import { TaskStore } from "./store.js";

export interface TaskApiOptions {
  /** An open database, which stays open when the service closes. Default: PGlite in memory, whatever DATABASE_URL says. */
  database?: Database;
  /** Port on 127.0.0.1. @defaultValue 0, a free one */
  port?: number;
  /** The day that the service counts from, YYYY-MM-DD, and that its clock stands on. Default: the machine's day. */
  today?: string;
  /** Begin with these tasks alone, numbered from 1: whatever the database held is deleted. */
  seed?: readonly NewTask[];
}

export interface TaskApi {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  /** The database's side, for a lesson's table of doors. */
  readonly door: Door;
  /** Every task, by id, read from the database. */
  tasks(): Promise<Task[]>;
  /** Deletes every task and idempotency key and begins with `tasks`, numbered from 1. */
  reset(tasks?: readonly NewTask[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts the Task API on 127.0.0.1.
 *
 * @throws DatabaseError when the database cannot be opened or the port is taken
 */
export async function openTaskApi({ database, port = 0, today, seed }: TaskApiOptions = {}): Promise<TaskApi> {
  if (today !== undefined && !isDay(today)) throw new RangeError(`today must be a day, YYYY-MM-DD, not ${JSON.stringify(today)}`);
  const { createServer } = require("./server.js") as typeof import("./server.js");
  const own = database ?? (await openDatabase({ url: "memory" }));
  const store = new TaskStore(own, today === undefined ? machineClock : fixedClock(today));
  const closeOwn = async (): Promise<void> => (database ? undefined : own.close());
  try {
    if (seed) await store.reset(seed);
    const server = await createServer(store);
    await server.listen({ host: "127.0.0.1", port });
    let closing: Promise<void> | undefined;
    return {
      url: `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`,
      door: {
        door: "task database", kind: own.place,
        says: own.kind === "postgres" ? "A Postgres server: what the lesson does stays there." : own.place === "PGlite in memory" ? "Postgres inside this process; its tasks are gone with it." : "Postgres inside this process; its files stay.",
      },
      tasks: () => store.all(),
      reset: (tasks = []) => store.reset(tasks),
      close: () => (closing ??= server.close().then(closeOwn)),
    };
  } catch (error) {
    await closeOwn();
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") throw new DatabaseError(`port ${port} is taken; choose another, or 0 for a free one`, { cause: error });
    throw error;
  }
}
