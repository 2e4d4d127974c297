/**
 * `npm run build:wasm`: assembles every `.wat` file of the library and writes its bytes beside it as TypeScript, so that
 * whoever uses the library needs no assembler. `--check` writes nothing and fails when a committed file is not what
 * its source gives.
 */
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import wabt from "wabt";
import { ROOT } from "./paths.ts";

/** The module of a `.wat` file, assembled. Features beyond SIMD are off: the module must run wherever SIMD does. */
export async function assemble(path: string): Promise<Uint8Array> {
  const assembler = await wabt();
  const module = assembler.parseWat(basename(path), readFileSync(path, "utf8"), { simd: true });
  try {
    module.validate();
    return module.toBinary({ write_debug_names: false }).buffer;
  } finally {
    module.destroy();
  }
}

/** The TypeScript file that holds the bytes of a `.wat` file. */
export function sourceOf(path: string, bytes: Uint8Array): string {
  const name = basename(path, ".wat");
  const lines = Buffer.from(bytes).toString("base64").match(/.{1,110}/g) ?? [];
  return `// Made of ${name}.wat by \`npm run build:wasm\`: ${bytes.length} bytes. Do not edit.
export const ${name.replace(/\W/g, "_").toUpperCase()}_WASM = Buffer.from(
  [
${lines.map((line) => `    "${line}",`).join("\n")}
  ].join(""),
  "base64",
);
`;
}

/** Every `.wat` file of the library, with the file of its bytes. */
export function wasmSources(): { source: string; target: string }[] {
  return globSync("lib/src/**/*.wat", { cwd: ROOT }).sort().map((path) => ({
    source: join(ROOT, path), target: join(ROOT, path.replace(/\.wat$/, ".wasm.ts")),
  }));
}

if (import.meta.main) {
  const check = process.argv.includes("--check");
  for (const { source, target } of wasmSources()) {
    const bytes = await assemble(source);
    const text = sourceOf(source, bytes);
    const same = existsSync(target) && readFileSync(target, "utf8") === text;
    if (!same && !check) writeFileSync(target, text);
    console.log(`${same ? "unchanged" : check ? "DIFFERS  " : "written  "} ${target} (${bytes.length} bytes)`);
    if (check && !same) process.exitCode = 1;
  }
}
