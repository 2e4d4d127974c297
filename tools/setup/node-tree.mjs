// The npm tree, from the lock file, by the project's own Node and npm; then the library, compiled.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runInstaller } from "./installer.mjs";
import { ROOT, hashOf } from "./paths.mjs";

const MODULES = join(ROOT, "node_modules");
const TREE_STAMP = join(MODULES, "workbook-stamp");
const LIBRARY_STAMP = join(ROOT, "lib", "dist", "workbook-stamp");

// Of the package files only what npm installs by: a new command of ours, or a new folder of lib, is no reason to install anew.
const treeHash = () => {
  const hash = createHash("sha256").update(hashOf(join(ROOT, "package-lock.json"), join(ROOT, "patches")));
  for (const file of ["package.json", "lib/package.json"]) {
    const { dependencies, devDependencies, allowScripts, workspaces } = JSON.parse(readFileSync(join(ROOT, file), "utf8"));
    hash.update(JSON.stringify([file, dependencies, devDependencies, allowScripts, workspaces]));
  }
  return hash.digest("hex");
};
const libraryHash = () => hashOf(join(ROOT, "lib", "src"), join(ROOT, "lib", "tsconfig.json"));

const holds = (stamp, hash) => existsSync(stamp) && readFileSync(stamp, "utf8") === hash;

/** Whether the npm tree is that of the lock file, and the library compiled from its sources as they are. */
export const treeIsReady = () => holds(TREE_STAMP, treeHash());
export const libraryIsReady = () => holds(LIBRARY_STAMP, libraryHash());

/** @returns {Promise<boolean>} whether something had to be installed */
export async function prepareNodeTree({ node, npmCli, env }) {
  const hash = treeHash();
  if (holds(TREE_STAMP, hash)) return false;
  rmSync(TREE_STAMP, { force: true });
  const lock = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8"));
  const total = Object.keys(lock.packages).length;
  const countInstalled = () => {
    if (!existsSync(MODULES)) return 0;
    return readdirSync(MODULES).reduce(
      (sum, name) => sum + (name.startsWith("@") ? readdirSync(join(MODULES, name)).length : 1),
      0,
    );
  };
  await runInstaller({
    title: "Installing the TypeScript packages (about 750 MB)",
    what: "Installing the npm packages",
    logName: "npm.log",
    command: node,
    args: [npmCli, "ci", "--no-audit", "--no-fund", "--fetch-retries=2", "--fetch-timeout=60000"],
    env,
    fraction: () => Math.min(0.95, countInstalled() / total),
  });
  writeFileSync(TREE_STAMP, hash);
  return true;
}

/** @returns {Promise<boolean>} whether the library had to be compiled */
export async function prepareLibrary({ node, env }) {
  const hash = libraryHash();
  if (holds(LIBRARY_STAMP, hash)) return false;
  rmSync(LIBRARY_STAMP, { force: true });
  await runInstaller({
    title: "Compiling lib",
    what: "Compiling lib",
    logName: "library.log",
    command: node,
    args: [join(MODULES, "typescript", "bin", "tsc"), "-p", join(ROOT, "lib")],
    env,
    fraction: () => 0.5,
  });
  writeFileSync(LIBRARY_STAMP, hash);
  return true;
}
