/** A client of its own process, to be killed: attaches to a run and follows it. `node tests/support/follow-run.ts HOME ID` */
import { attach } from "llmops/pair";

const [home, id] = process.argv.slice(2) as [string, string];
const run = await attach(id, { home });
console.log("attached");
await run.wait(() => {}, { pollMs: 10 });
console.log(`${run.record.state} ${run.metrics.length}`);
await run.runtime.close();
