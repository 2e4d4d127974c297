/** A folder for one test, removed after it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { TestContext } from "node:test";

export const ROOT = resolve(import.meta.dirname, "../..");

export function scratch(context: TestContext, parent = tmpdir()): string {
  const folder = mkdtempSync(join(parent, "workbook-test-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
