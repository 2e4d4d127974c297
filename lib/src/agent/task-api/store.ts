/** The five operations, in SQL. */
import { createHash } from "node:crypto";
import { titleKey, titleWords } from "../titles.js";
import type { Clock } from "./clock.js";
import { pageAfter, readCursor, SORT_ORDERS } from "./cursor.js";
import type { Database, Row, Session } from "./database.js";
import { TaskApiError } from "./error.js";
import { NewTask, type CreateTask, type ListQuery, type Task, type TaskPage, type UpdateTask } from "./schema.js";

/** Hours that an idempotency key is remembered: longer than any client retries. */
const KEY_HOURS = 24;

const COLUMNS = "id, title, to_char(due_date, 'YYYY-MM-DD') AS due_date, priority, status, created_at, updated_at, completed_at";

export class TaskStore {
  readonly #tasks: string;
  readonly #keys: string;

  constructor(readonly database: Database, readonly clock: Clock) {
    this.#tasks = `${database.schema}.tasks`;
    this.#keys = `${database.schema}.idempotency_keys`;
  }

  /**
   * Adds a task. With a key, the same request again gives the task that the first one made.
   *
   * @returns the task, and whether this request made it
   */
  async create(wish: CreateTask, key?: string): Promise<{ task: Task; made: boolean }> {
    this.#refusePast(wish.due_date);
    if (key === undefined) return { task: await this.#insert(this.database, { ...wish, status: "open" }), made: true };
    const now = this.clock.now();
    const request = createHash("sha256").update(JSON.stringify([wish.title, wish.due_date, wish.priority])).digest("hex");
    return this.database.transaction(async (session) => {
      // Rows that another request is removing are left to it: two requests that wait for each other's rows would be a deadlock.
      await session.query(`DELETE FROM ${this.#keys} WHERE key IN (SELECT key FROM ${this.#keys} WHERE created_at < $1 FOR UPDATE SKIP LOCKED)`, [new Date(now.getTime() - KEY_HOURS * 3_600_000)]);
      // A second request with the key waits here until the first has ended, then finds its row.
      const [own] = await session.query(`INSERT INTO ${this.#keys} (key, request, created_at) VALUES ($1, $2, $3) ON CONFLICT (key) DO NOTHING RETURNING key`, [key, request, now]);
      if (own) {
        const task = await this.#insert(session, { ...wish, status: "open" }, now);
        await session.query(`UPDATE ${this.#keys} SET task_id = $2 WHERE key = $1`, [key, task.id]);
        return { task, made: true };
      }
      const [before] = await session.query(`SELECT request, task_id FROM ${this.#keys} WHERE key = $1`, [key]);
      if (before?.["request"] !== request) {
        throw new TaskApiError("idempotency_conflict", "this Idempotency-Key was used for another task", { field: "Idempotency-Key", remedy: "send a new key with a new task, and the same key only to repeat a request" });
      }
      const [row] = await session.query(`SELECT ${COLUMNS} FROM ${this.#tasks} WHERE id = $1`, [before["task_id"]]);
      if (!row) throw new TaskApiError("gone", `this request made task ${String(before["task_id"])}, which was deleted since`, { remedy: "send a new Idempotency-Key to make it again" });
      return { task: taskOf(row), made: false };
    });
  }

  async get(id: number): Promise<Task> {
    const [row] = await this.database.query(`SELECT ${COLUMNS} FROM ${this.#tasks} WHERE id = $1`, [id]);
    return row ? taskOf(row) : missing(id);
  }

  async list(query: ListQuery): Promise<TaskPage> {
    const conditions: string[] = [], values: unknown[] = [];
    const where = (condition: (place: string) => string, value: unknown): void => void conditions.push(condition(`$${values.push(value)}`));
    for (const word of titleWords(query.search ?? "").split(" ").filter(Boolean)) where((place) => `strpos(title_words, ${place}) > 0`, word);
    if (query.title !== undefined) where((place) => `title_key = ${place}`, titleKey(query.title));
    if (query.status) where((place) => `status = ${place}`, query.status);
    if (query.priority) where((place) => `priority = ${place}`, query.priority);
    if (query.due_after) where((place) => `due_date >= ${place}::date`, query.due_after);
    if (query.due_before) where((place) => `due_date <= ${place}::date`, query.due_before);
    const filters = conditions.length > 0 ? `WHERE ${conditions.join(" AND ")}` : "";
    const [counted] = await this.database.query(`SELECT count(*)::integer AS total FROM ${this.#tasks} ${filters}`, values);

    const { by, type, down } = SORT_ORDERS[query.sort];
    if (query.cursor !== undefined) {
      const { key, id } = readCursor(query.cursor, query.sort);
      const last = `$${values.push(key)}::${type}`;
      conditions.push(`(${by} ${down ? "<" : ">"} ${last} OR (${by} = ${last} AND id > $${values.push(id)}::integer))`);
    }
    const rows = await this.database.query(
      `SELECT ${COLUMNS} FROM ${this.#tasks} ${conditions.length > 0 ? `WHERE ${conditions.join(" AND ")}` : ""} ORDER BY ${by} ${down ? "DESC" : "ASC"}, id LIMIT ${query.limit + 1}`, values);
    const tasks = rows.slice(0, query.limit).map(taskOf);
    const last = tasks.at(-1);
    return { tasks, total: Number(counted?.["total"]), next_cursor: rows.length > query.limit && last ? pageAfter(last, query.sort) : null };
  }

  async update(id: number, change: UpdateTask): Promise<Task> {
    this.#refusePast(change.due_date);
    const sets: string[] = [], values: unknown[] = [id];
    const set = (column: string, value: unknown, type = "text"): void => void sets.push(`${column} = $${values.push(value)}::${type}`);
    const now = this.clock.now();
    if (change.title !== undefined) {
      set("title", change.title);
      set("title_key", titleKey(change.title));
      set("title_words", titleWords(change.title));
    }
    if (change.due_date !== undefined) set("due_date", change.due_date, "date");
    if (change.priority !== undefined) set("priority", change.priority);
    set("updated_at", now, "timestamptz");
    if (change.status !== undefined) {
      set("status", change.status);
      sets.push(`completed_at = ${change.status === "done" ? `COALESCE(completed_at, $${values.push(now)}::timestamptz)` : "NULL"}`);
    }
    const [row] = await this.database.query(`UPDATE ${this.#tasks} SET ${sets.join(", ")} WHERE id = $1 RETURNING ${COLUMNS}`, values);
    return row ? taskOf(row) : missing(id);
  }

  async complete(id: number): Promise<Task> {
    const [row] = await this.database.query(`UPDATE ${this.#tasks} SET status = 'done', completed_at = $2, updated_at = $2 WHERE id = $1 AND status = 'open' RETURNING ${COLUMNS}`, [id, this.clock.now()]);
    if (row) return taskOf(row);
    const { title } = await this.get(id);
    throw new TaskApiError("already_done", `task ${id}, "${title}", is done already`, { field: "id" });
  }

  async delete(id: number): Promise<Task> {
    const [row] = await this.database.query(`DELETE FROM ${this.#tasks} WHERE id = $1 RETURNING ${COLUMNS}`, [id]);
    return row ? taskOf(row) : missing(id);
  }

  /** Every task, by id. */
  async all(): Promise<Task[]> {
    return (await this.database.query(`SELECT ${COLUMNS} FROM ${this.#tasks} ORDER BY id`)).map(taskOf);
  }

  /** Deletes every task and key, counts ids from 1 again, and adds `tasks`: all of it or nothing. */
  async reset(tasks: readonly NewTask[]): Promise<void> {
    const seeds = tasks.map((task, at) => {
      const read = NewTask.safeParse(task);
      if (read.success) return read.data;
      const [issue] = read.error.issues;
      throw new RangeError(`task ${at + 1} of the seed: ${[...(issue?.path ?? []), issue?.message].join(" ")}`);
    });
    await this.database.transaction(async (session) => {
      await session.query(`TRUNCATE ${this.#tasks}, ${this.#keys} RESTART IDENTITY`);
      for (const task of seeds) await this.#insert(session, task);
    });
  }

  async #insert(session: Session, task: Required<NewTask> & { due_date: string | null }, now = this.clock.now()): Promise<Task> {
    const [row] = await session.query(
      `INSERT INTO ${this.#tasks} (title, title_key, title_words, due_date, priority, status, created_at, updated_at, completed_at)
       VALUES ($1, $2, $3, $4::date, $5, $6, $7, $7, $8::timestamptz) RETURNING ${COLUMNS}`,
      [task.title, titleKey(task.title), titleWords(task.title), task.due_date, task.priority, task.status, now, task.status === "done" ? now : null]);
    return taskOf(row as Row);
  }

  #refusePast(due: string | null | undefined): void {
    const today = this.clock.today();
    if (typeof due === "string" && due < today) throw new TaskApiError("past_date", `${due} is past: today is ${today}`, { field: "due_date", remedy: "give today or a later day" });
  }
}

function missing(id: number): never {
  throw new TaskApiError("not_found", `there is no task ${id}`, { field: "id", remedy: "GET /tasks lists the tasks" });
}

function taskOf(row: Row): Task {
  const time = (value: unknown): string => (value as Date).toISOString();
  return {
    id: row["id"] as number, title: row["title"] as string, due_date: row["due_date"] as string | null,
    priority: row["priority"] as Task["priority"], status: row["status"] as Task["status"],
    created_at: time(row["created_at"]), updated_at: time(row["updated_at"]), completed_at: row["completed_at"] === null ? null : time(row["completed_at"]),
  };
}
