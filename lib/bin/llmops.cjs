#!/usr/bin/env node
"use strict";

const { existsSync } = require("node:fs");
const { enableCompileCache } = require("node:module");
const { join } = require("node:path");

// The library's dependencies ask for Node 22 and more; the workbook brings Node 24.
if (Number(process.versions.node.split(".")[0]) < 24) {
  process.stderr.write(`llmops: this is Node ${process.versions.node}; run it with the workbook's own Node 24: npm run llmops -- …\n`);
  process.exit(2);
}
const program = join(__dirname, "..", "dist", "command", "program.js");
if (!existsSync(program)) {
  process.stderr.write("llmops: the library is not built yet; run npm start once in the workbook's folder\n");
  process.exit(2);
}
// In a checkout of the workbook, V8 keeps what it compiled beside the workbook's other caches: 40 ms of each start.
const root = join(__dirname, "..", "..");
if (existsSync(join(root, ".workbook"))) enableCompileCache(join(root, ".workbook", "cache", "v8"));
require(program).run(process.argv.slice(2));
