#!/usr/bin/env node
"use strict";

const { existsSync } = require("node:fs");
const { join } = require("node:path");

const program = join(__dirname, "..", "dist", "command", "program.js");
if (!existsSync(program)) {
  process.stderr.write("llmops: the library is not built yet; run npm start once in the workbook's folder\n");
  process.exit(2);
}
require(program).run(process.argv.slice(2));
