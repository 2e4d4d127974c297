import { Pool, type PoolClient } from "pg";
import type { Driver, Row, Session } from "./database.js";
import { DatabaseError } from "./error.js";

/** How long a connection may take: a database that sleeps (Neon's free tier) wakes up in a few seconds. */
const CONNECT_MS = 15_000;
/** How long a query may take before the service says that the database does not answer; each touches a few rows by an index. */
const QUERY_MS = 15_000;

/** Opens a pool of connections to a Postgres server. */
export async function openPostgres(url: string): Promise<{ driver: Driver; place: string }> {
  let place: string;
  try {
    const { host, pathname } = new URL(url);
    place = `Postgres at ${host || "its socket"}${pathname}`;
  } catch {
    throw new DatabaseError("DATABASE_URL is no address; it must be postgres://user:password@host/name, with special characters of the password percent-encoded");
  }
  const pool = new Pool({ connectionString: url, connectionTimeoutMillis: CONNECT_MS, query_timeout: QUERY_MS, max: 8 });
  // A connection that the server closes while idle: the pool makes another; unheard, the event would end the process.
  pool.on("error", () => undefined);
  const session = (on: Pool | PoolClient): Session => ({
    query: async (sql, parameters = []) => (await on.query<Row>(sql, [...parameters])).rows,
  });
  const driver: Driver = {
    ...session(pool),
    async transaction(work) {
      const client = await pool.connect();
      let broken: Error | undefined;
      try {
        await client.query("BEGIN");
        const result = await work(session(client));
        await client.query("COMMIT");
        return result;
      } catch (error) {
        await client.query("ROLLBACK").catch((failure: Error) => (broken = failure));
        throw error;
      } finally {
        client.release(broken);
      }
    },
    close: () => pool.end(),
  };
  try {
    await driver.query("SELECT 1");
  } catch (error) {
    await pool.end();
    const { message, code } = error as Error & { code?: string };
    throw new DatabaseError(`${place} cannot be reached (${message || code || "no reason given"}); check DATABASE_URL, or unset it to use PGlite`, { cause: error });
  }
  return { driver, place };
}
