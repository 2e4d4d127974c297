/** What can go wrong between the workbook and Google's Colab command line, each planted in a stand-in of it. */
import assert from "node:assert/strict";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { launch, openRuntime } from "llmops/pair";
import { age, colab, fails, PROGRAM, unlessWindows } from "./support/colab-cli.ts";
import { until } from "./support/colab-machine.ts";
import { pairedJob } from "./support/paired-job.ts";
import { ROOT } from "./support/scratch.ts";

describe("the Colab command line", unlessWindows, () => {
  test("is told to give no A100: T4 is the only word, and another machine is given back", async (context) => {
    const { runtime, open, plant, machines } = colab(context);
    assert.throws(() => open({ gpu: "T4x" }), fails("unsupported", /T4 only/));
    assert.throws(() => open({ env: { LLMOPS_COLAB_GPU: "A100" } }), fails("unsupported", /billed/));
    plant({ hardware: "A100" });
    await assert.rejects(runtime.start(), fails("refused", /gave A100 instead of a T4; it was given back/));
    assert.deepEqual(machines(), []);
  });

  test("says why there is no machine: quota, too many sessions, no login", async (context) => {
    const { runtime, plant, machines } = colab(context);
    plant({ new: "quota" });
    await assert.rejects(runtime.start(), fails("refused", /no T4 now.*quota.*LLMOPS_RUNTIME=local/));
    plant({ new: "sessions" });
    await assert.rejects(runtime.start(), fails("refused", /too many active sessions/));
    plant({ login: true });
    await assert.rejects(runtime.start(), fails("refused", /not logged in.*--auth oauth2 sessions/));
    assert.deepEqual(machines(), []);
  });

  test("is looked for, and must be new enough", async (context) => {
    const { open, plant, home } = colab(context);
    await assert.rejects(open({ program: join(home, "colab-that-is-not-there") }).start(), fails("setup", /is not installed: uv tool install google-colab-cli/));
    plant({ version: "0.5.9" });
    await assert.rejects(open().start(), fails("setup", /0\.5\.9; 0\.6\.0 or newer/));
    await assert.rejects(open({ program: "/bin/true" }).start(), fails("setup", /does not answer as Google's/));
    assert.throws(() => open({ auth: "password" }), fails("setup", /oauth2 or adc/));
    assert.equal(openRuntime({ env: { LLMOPS_RUNTIME: "cli" }, home }).driver, "cli");
  });

  test("gives a timeout for a cell that takes too long, and the next request is answered", async (context) => {
    const { runtime, home } = colab(context);
    await runtime.start();
    const { CliSession } = await import(join(ROOT, "lib/dist/pair/cli-session.js")) as typeof import("../lib/dist/pair/cli-session.js");
    const { ColabCommand } = await import(join(ROOT, "lib/dist/pair/colab-command.js")) as typeof import("../lib/dist/pair/colab-command.js");
    const folder = join(home, "runtimes", "cli");
    const command = new ColabCommand({ program: PROGRAM, auth: "oauth2", config: join(folder, "sessions.json"), session: "llmops" });
    const session = new CliSession(command, { folder, explainLoss: (cause) => Promise.resolve(cause), end: () => Promise.resolve() });
    await assert.rejects(session.evaluate("import time; time.sleep(2); _llmops_reply = 'late'", { timeoutMs: 1000 }), fails("timeout", /colab exec.*Timeout/));
    assert.equal(await session.evaluate("_llmops_reply = 'x' * 300000", { timeoutMs: 10_000 }), "x".repeat(300_000));
    assert.equal((await session.evaluate("raise ValueError('why')", { timeoutMs: 10_000 }).catch((error: unknown) => error) as Error).message, "ValueError: why");
    assert.deepEqual(readdirSync(folder).filter((name) => name.startsWith("request-")), []);
  });

  test("tells a machine that Colab took back from one that is only forgotten", async (context) => {
    const { runtime, home, plant, machines, calls } = colab(context);
    const run = await launch(pairedJob(home, { steps: 2000, pause: 0.05 }), runtime, { home });
    plant({ token: "expired" });
    age(home, 61);
    await run.wait();
    assert.equal(run.record.state, "lost");
    assert.match(run.record.reason!, /lost its record of the machine gpu-t4-s-\w+ after 61 minutes.*runs on.*Manage sessions/);
    await assert.rejects(runtime.stop(), fails("refused", /still lists the machine gpu-t4-s-\w+.*Manage sessions/));
    plant({});
    rmSync(join(home, "colab", "machines", machines()[0]!, "on"));
    await until(() => machines().length === 0);
    await runtime.stop();
    assert.equal(calls().filter((words) => words.includes("new")).length, 1, "looking at a lost run starts no other machine");
    await run.resume();
    assert.equal(calls().filter((words) => words.includes("new")).length, 2);
    await run.interrupt();
    await run.wait(undefined, { pollMs: 200 });
    assert.equal(run.record.state, "interrupted");
  });

  test("notes a job as lost with the machine that Colab took back, so that it can be resumed", async (context) => {
    const { runtime, home, machines } = colab(context);
    const run = await launch(pairedJob(home, { steps: 2000, pause: 0.05 }), runtime, { home });
    rmSync(join(home, "colab", "machines", machines()[0]!, "on"));
    await until(() => machines().length === 0);
    await run.wait();
    assert.equal(run.record.state, "lost");
    assert.match(run.record.reason!, /taken the machine gpu-t4-s-\w+ back/);
    await run.resume();
    assert.equal(machines().length, 1);
    await run.interrupt();
  });

  test("is not believed when stop did not stop", async (context) => {
    const { runtime, plant, machines } = colab(context);
    await runtime.start();
    plant({ stop: "stays" });
    await assert.rejects(runtime.stop(), fails("refused", /still lists/));
    assert.equal(machines().length, 1);
    plant({ stop: "slow" });
    rmSync(join(process.env["FAKE_COLAB"]!, "machines", machines()[0]!, "on"));
    await runtime.stop();
  });
});
