/** The Python side of the comparison: the recipe's packages, newest versions on 2026-11-21. */
import { execFileSync } from "node:child_process";
import { preparePython } from "../../../tools/python-env.ts";

const PACKAGES = ["datasketch==2.0.0", "numpy==2.4.6", "pydantic==2.14.3", "scipy==1.17.1", "tiktoken==0.14.0"];

export const RECIPE = import.meta.dirname;

/** The Python of `.venv-bench`. Two minutes and 250 MB the first time. */
export function preparePeer(): string {
  return preparePython(".venv-bench", PACKAGES);
}

/** Versions of Python and the packages, as they are installed. */
export function peerVersions(python: string): Record<string, string> {
  const names = PACKAGES.map((pinned) => pinned.replace(/==.*/u, ""));
  const code = `import json, platform, importlib.metadata as m; print(json.dumps({"Python": platform.python_version(), **{n: m.version(n) for n in ${JSON.stringify(names)}}}))`;
  return JSON.parse(execFileSync(python, ["-c", code], { encoding: "utf8" })) as Record<string, string>;
}
