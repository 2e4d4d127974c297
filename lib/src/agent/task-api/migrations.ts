import { createHash } from "node:crypto";
import type { Driver } from "./database.js";
import { DatabaseError } from "./error.js";

/** Changes of the tables, in order. One that was released is never edited: a database that has it would not get the edit. */
const MIGRATIONS: readonly { name: string; sql: (schema: string) => readonly string[] }[] = [
  {
    name: "1-tasks",
    sql: (schema) => [
      `CREATE TABLE ${schema}.tasks (
        id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        title text NOT NULL CHECK (title <> ''),
        title_key text NOT NULL,
        title_words text NOT NULL,
        due_date date,
        priority text NOT NULL CHECK (priority IN ('low', 'medium', 'high')),
        status text NOT NULL CHECK (status IN ('open', 'done')),
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        completed_at timestamptz,
        CHECK ((status = 'done') = (completed_at IS NOT NULL))
      )`,
      `CREATE INDEX tasks_title_key ON ${schema}.tasks (title_key)`,
      `CREATE INDEX tasks_due_date ON ${schema}.tasks (due_date)`,
    ],
  },
  {
    name: "2-idempotency",
    sql: (schema) => [
      // No reference to tasks: a key outlives its task, so that a late retry does not bring a deleted task back.
      `CREATE TABLE ${schema}.idempotency_keys (key text PRIMARY KEY, request text NOT NULL, task_id integer, created_at timestamptz NOT NULL)`,
      `CREATE INDEX idempotency_keys_created_at ON ${schema}.idempotency_keys (created_at)`,
    ],
  },
];

/** "Task API", as a number for pg_advisory_xact_lock. */
const LOCK = 1_413_567_817;

/**
 * Brings the tables up to date: what is not yet recorded in `migrations` is run and recorded, in one transaction, under a
 * lock that makes a second process wait. Safe to run again.
 *
 * @throws DatabaseError when the database was made by a newer version, or a migration was edited after its release
 */
export async function migrate(driver: Driver, schema: string): Promise<void> {
  await driver.transaction(async (session) => {
    await session.query(`SELECT pg_advisory_xact_lock(${LOCK})`);
    const [found] = await session.query("SELECT to_regclass($1) IS NOT NULL AS there", [`${schema}.migrations`]);
    if (found?.["there"] !== true) {
      await session.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
      await session.query(`CREATE TABLE ${schema}.migrations (number integer PRIMARY KEY, name text NOT NULL, hash text NOT NULL, run_at timestamptz NOT NULL DEFAULT now())`);
    }
    const done = await session.query(`SELECT number, name, hash FROM ${schema}.migrations ORDER BY number`);
    if (done.length > MIGRATIONS.length) throw new DatabaseError(`the database has ${done.length} migrations, this version knows ${MIGRATIONS.length}: update the workbook, or use another database`);
    for (const [at, { name, sql }] of MIGRATIONS.entries()) {
      const statements = sql(schema);
      // The text without the schema's name, which may differ.
      const hash = createHash("sha256").update(sql("s").join(";\n")).digest("hex");
      const before = done[at];
      if (before) {
        if (before["hash"] !== hash) throw new DatabaseError(`migration ${name} was changed after this database had it; add a new migration instead, or use another database`);
        continue;
      }
      for (const statement of statements) await session.query(statement);
      await session.query(`INSERT INTO ${schema}.migrations (number, name, hash) VALUES ($1, $2, $3)`, [at + 1, name, hash]);
    }
  });
}
