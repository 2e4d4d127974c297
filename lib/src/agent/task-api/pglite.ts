import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Transaction } from "@electric-sql/pglite";
import { PGlite } from "@electric-sql/pglite";
import { findWorkbookHome } from "../../course/workbook.js";
import { Lock, LockError } from "../../data/build/lock.js";
import type { Driver, Row, Session } from "./database.js";
import { DatabaseError } from "./error.js";

/** Opens Postgres inside this process: in memory, or in a folder that only one process may have open. */
export async function openPglite(where: string): Promise<{ driver: Driver; place: string }> {
  const folder = where === "memory" ? undefined : resolve(where);
  let pglite: PGlite, lock: Lock | undefined;
  try {
    if (folder === undefined) pglite = await openNew();
    else {
      mkdirSync(folder, { recursive: true });
      // PGlite itself lets a second process in, and the two damage each other's files.
      lock = new Lock(join(folder, "lock"), folder, "Task API");
      const data = join(folder, "postgres");
      pglite = existsSync(join(data, "PG_VERSION")) ? await ready(new PGlite(data)) : await openNew(data);
    }
  } catch (error) {
    lock?.release();
    if (error instanceof LockError) throw new DatabaseError(error.message, { cause: error });
    throw new DatabaseError(`${folder ?? "PGlite"}: the database cannot be opened (${(error as Error).message})${folder === undefined ? "" : "; choose another folder"}`, { cause: error });
  }
  const session = (on: PGlite | Transaction): Session => ({
    query: async (sql, parameters = []) => (await on.query<Row>(sql, [...parameters])).rows,
  });
  return {
    driver: {
      ...session(pglite),
      transaction: (work) => pglite.transaction((transaction) => work(session(transaction))),
      close: async () => {
        await pglite.close();
        lock?.release();
      },
    },
    place: folder === undefined ? "PGlite in memory" : `PGlite in ${folder}`,
  };
}

async function ready(pglite: PGlite): Promise<PGlite> {
  await pglite.waitReady;
  return pglite;
}

/**
 * A new database, in memory unless a folder is named. Making one from nothing (initdb) takes 3 to 4 s of CPU time, unpacking an empty one 0.5 s: the
 * first is kept, 4.5 MB, in the workbook's cache.
 */
async function openNew(dataDir?: string): Promise<PGlite> {
  const place = dataDir === undefined ? {} : { dataDir };
  const version = (JSON.parse(readFileSync(join(dirname(require.resolve("@electric-sql/pglite")), "..", "package.json"), "utf8")) as { version: string }).version;
  const path = join(findWorkbookHome(), "cache", `pglite-${version}.tar.gz`);
  let kept: Buffer | undefined;
  try {
    kept = readFileSync(path);
  } catch {
    // Not made yet.
  }
  if (kept) {
    try {
      return await ready(new PGlite({ ...place, loadDataDir: new File([new Uint8Array(kept)], "pglite.tar.gz", { type: "application/x-gzip" }) }));
    } catch {
      // Damaged: made anew below.
      if (dataDir !== undefined) rmSync(dataDir, { recursive: true, force: true });
    }
  }
  const pglite = await ready(new PGlite(place));
  const partial = `${path}.${process.pid}`;
  try {
    const dump = Buffer.from(await (await pglite.dumpDataDir("gzip")).arrayBuffer());
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(partial, dump);
    renameSync(partial, path);
  } catch {
    // A full disk or a read-only folder costs the cache, not the database.
    rmSync(partial, { force: true });
  }
  return pglite;
}
