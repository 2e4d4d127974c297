/** The task database's door: PGlite (Postgres in this process) by default, a Postgres server such as Neon by DATABASE_URL. */
import { DatabaseError } from "./error.js";
import { migrate } from "./migrations.js";

/** Rows by column. Days come as text, since drivers read `date` as a moment in the machine's time zone. */
export type Row = Record<string, unknown>;

/** One connection, in or outside of a transaction. */
export interface Session {
  query(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
}

/** What a driver gives: queries, and transactions (READ COMMITTED, rolled back when `work` throws). */
export interface Driver extends Session {
  transaction<T>(work: (session: Session) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** An open database with the Task API's tables, in a schema of their own. */
export interface Database extends Driver {
  readonly kind: "pglite" | "postgres";
  /** For people, without a password: "PGlite in memory", "Postgres at host/name". */
  readonly place: string;
  /** The Postgres schema that holds the tables. */
  readonly schema: string;
}

export interface DatabaseOptions {
  /** `memory`, a folder for PGlite, or `postgres://…`. Default: DATABASE_URL, else `memory`. */
  url?: string;
  /** The Postgres schema of the tables. @defaultValue `task_api` */
  schema?: string;
}

/**
 * Opens the database and brings its tables up to date.
 *
 * @throws DatabaseError when it cannot be reached or opened, is in use (a folder), or was made by a newer version
 */
export async function openDatabase({ url = process.env["DATABASE_URL"] || "memory", schema = "task_api" }: DatabaseOptions = {}): Promise<Database> {
  if (!/^[a-z_][a-z0-9_]{0,50}$/.test(schema)) throw new DatabaseError(`the schema ${JSON.stringify(schema)} is no plain name; use small letters, digits and _`);
  const opened = await openDriver(url);
  try {
    await migrate(opened.driver, schema);
  } catch (error) {
    await opened.driver.close().catch(() => undefined);
    if (error instanceof DatabaseError) throw error;
    throw new DatabaseError(`${opened.place}: the tables cannot be made (${(error as Error).message}); its user needs CREATE on the database`, { cause: error });
  }
  const { driver, kind, place } = opened;
  return {
    kind, place, schema,
    query: (sql, parameters) => driver.query(sql, parameters),
    transaction: (work) => driver.transaction(work),
    close: () => driver.close(),
  };
}

async function openDriver(url: string): Promise<{ driver: Driver; kind: Database["kind"]; place: string }> {
  // Loaded on use: either takes longer to load than most lessons' first cell.
  if (/^postgres(ql)?:\/\//i.test(url)) {
    const { openPostgres } = require("./postgres.js") as typeof import("./postgres.js");
    return { ...(await openPostgres(url)), kind: "postgres" };
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(url)) throw new DatabaseError(`DATABASE_URL begins with ${url.slice(0, url.indexOf("://"))}://; it must be postgres://user:password@host/name, a folder, or memory`);
  const { openPglite } = require("./pglite.js") as typeof import("./pglite.js");
  return { ...(await openPglite(url)), kind: "pglite" };
}
