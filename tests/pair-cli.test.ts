/** The route `cli` against a stand-in of Google's Colab command line, whose machines really run code. */
import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { attach, launch } from "llmops/pair";
import { age, colab, fails, machineFile, unlessWindows } from "./support/colab-cli.ts";
import { pairedJob } from "./support/paired-job.ts";

describe("a job through the Colab command line", unlessWindows, () => {
  test("is launched, followed and fetched, with every flag said, and the machine is gone after stop", async (context) => {
    const { home, runtime, machines, calls } = colab(context), said: string[] = [];
    const run = await launch(pairedJob(home, { steps: 20, bytes: 300_000 }), runtime, { home, report: (line) => said.push(line) });
    assert.equal((await runtime.start())?.gpu?.name, "Tesla T4");
    await run.wait(undefined, { pollMs: 200 });
    assert.equal(run.record.state, "finished", run.record.reason ?? run.log);
    assert.equal(run.metrics.length, 20);
    const paths = await run.fetch();
    assert.equal(statSync(paths["weights.bin"]!).size, 300_000);
    await runtime.stop();
    assert.deepEqual(machines(), []);
    assert.ok(!existsSync(machineFile(home)));
    assert.match(said.join("\n"), /Colab gave a T4 \(gpu-t4-s-/);
    for (const words of calls()) assert.deepEqual(words.slice(0, 4), ["--auth", "oauth2", "--config", join(home, "runtimes", "cli", "sessions.json")]);
    const verbs = calls().map((words) => words.slice(4));
    assert.deepEqual(verbs.filter(([verb]) => verb === "new"), [["new", "-s", "llmops", "--gpu", "T4"]]);
    assert.ok(verbs.filter(([verb]) => verb === "exec").every((words) => words.includes("--timeout")));
    assert.ok(verbs.some(([verb]) => verb === "download"), "what is long comes as a file, not through the kernel's output");
    assert.deepEqual(verbs.slice(-2).map(([verb]) => verb), ["stop", "sessions"], "after stop, Colab is asked whether it is so");
    if (process.platform !== "win32") assert.equal(statSync(join(home, "runtimes", "cli")).mode & 0o077, 0, "the machine's token lies where only its user reads");
  });

  test("is picked up by another process, and two notebooks share the machine", async (context) => {
    const { home, runtime, open, machines } = colab(context);
    const run = await launch(pairedJob(home, { steps: 40, pause: 0.02 }), runtime, { home });
    const other = await attach(run.id, { home, runtime: open() });
    await other.wait(undefined, { pollMs: 200 });
    assert.equal(other.record.state, "finished");
    assert.equal(other.metrics.length, 40);
    assert.equal(machines().length, 1);
  });

  test("has 50 minutes unless it says otherwise, and less on an ageing machine of a command line that does not renew", async (context) => {
    const { home, open, plant } = colab(context);
    const minutesOf = async (job: string, minutes?: number): Promise<number> => {
      const runtime = open();
      await runtime.start();
      await runtime.exec(job, { command: ["{python}", "-c", "pass"], ...(minutes === undefined ? {} : { minutes }) });
      const { bytes } = await runtime.tail(job, "job.json", 0);
      return (JSON.parse(Buffer.from(bytes).toString()) as { minutes: number }).minutes;
    };
    assert.equal(await minutesOf("a"), 50);
    assert.equal(await minutesOf("b", 90), 90);
    plant({ version: "0.6.0" });
    assert.equal(await minutesOf("c", 90), 54);
    age(home, 30);
    assert.equal(await minutesOf("d"), 24);
    age(home, 53);
    await assert.rejects(minutesOf("e"), fails("request", /53 minutes old.*loses its machines after 60/));
  });

  test("comes home although downloads fail midway: what is here is kept, and the rest goes on", async (context) => {
    const { home, runtime, plant } = colab(context);
    const run = await launch(pairedJob(home, { steps: 1, bytes: 5_000_000 }), runtime, { home }); // three pieces
    await run.wait(undefined, { pollMs: 200 });
    let bytes = 0;
    await run.fetch((more) => {
      if (more < 1 << 20) return; // result.json
      bytes += more;
      plant({ download: 99 }); // after the first piece: it is tried five times, then given up
    }).then(() => assert.fail("it should have given up"), fails("timeout", /colab download.*IncompleteRead/));
    const partial = statSync(join(run.folder, "artifacts", "weights.bin.part")).size;
    assert.equal(partial, bytes);
    assert.ok(partial > 0 && partial < 5_000_000, String(partial));
    plant({ download: 1 });
    let rest = 0;
    const paths = await run.fetch((more) => (rest += more));
    assert.equal(statSync(paths["weights.bin"]!).size, 5_000_000);
    assert.equal(rest, 5_000_000 - partial);
  });

  test("outlasts a network that breaks and an upload that is refused once", async (context) => {
    const { home, runtime, plant } = colab(context);
    await runtime.start();
    plant({ network: 2, upload: 1 });
    const random = Buffer.from(Array.from({ length: 400_000 }, (_, index) => (index * 7919 * (index % 251)) % 256));
    await runtime.put("x/data.bin", random);
    const { bytes } = await runtime.tail("x", "data.bin", 0);
    assert.ok(random.equals(bytes));
    assert.equal((await launch(pairedJob(home), runtime, { home })).record.state === "absent", false);
  });
});
