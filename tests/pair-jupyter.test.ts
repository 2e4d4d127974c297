/** The Jupyter route against a real server with its default limits: the eight verbs, and everything that can break between. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { attach, gather, launch, listRuns, openJupyter, PairError } from "llmops/pair";
import { onJupyter, pause, processesOf, pythonJob, startProxy, TICKS, until } from "./support/pair.ts";
import { scratch } from "./support/scratch.ts";

const { root, home, server, runtime, inRuntime } = await onJupyter();

const errorOf = async (work: Promise<unknown>): Promise<PairError> => {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof PairError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: "it went well, and should not" });
};
const kernels = async (method = "GET", path = ""): Promise<{ id: string }[]> => {
  const response = await fetch(`${server.url}api/kernels${path}`, { method, headers: { authorization: `token ${server.token}` } });
  return method === "GET" ? ((await response.json()) as { id: string }[]) : [];
};

test("start, put, exec, tail, get, stop: each does what it says, and again where it is asked twice", async (context) => {
  const own = openJupyter({ url: server.url, token: server.token });
  const facts = await own.start();
  assert.equal((await own.start()).python, facts.python);
  const bytes = new Uint8Array(3_000_000).map((_, at) => (at * 7919) % 251);
  for (let time = 1; time <= 2; time += 1) await own.put("verbs/data/big.bin", bytes);
  await own.put("verbs/empty.txt", new Uint8Array());
  assert.deepEqual(readdirSync(join(server.folder, "llmops-jobs/verbs")).sort(), ["data", "empty.txt"], "no parts are left");
  const command = ["{python}", "-c", "import shutil; shutil.copy('data/big.bin', 'artifacts/copy.bin'); print('done é')"];
  const first = await own.exec("verbs", { command });
  assert.ok(["starting", "running", "finished"].includes(first.state), first.state);
  await until(async () => ((await own.status("verbs")).state === "finished" ? true : undefined));
  assert.equal((await own.exec("verbs", { command })).attempt, 1, "a job that has ended is not started again");
  const log = await own.tail("verbs", "log.txt", 5, 2);
  assert.deepEqual([Buffer.from(log.bytes).toString(), log.size], ["é", 8]);
  assert.equal((await own.tail("verbs", "none.txt", 0)).size, undefined);
  const target = join(scratch(context), "copy.bin");
  await own.get("verbs", "artifacts/copy.bin", target);
  assert.ok(readFileSync(target).equals(bytes));
  const kernelsBefore = (await kernels()).length;
  await own.stop();
  assert.equal((await kernels()).length, kernelsBefore - 1, "its kernel has ended");
});

test("a path outside the jobs' folder is refused", async () => {
  const error = await errorOf(runtime.put("../escaped.txt", Buffer.from("x")));
  assert.deepEqual([error.code, existsSync(join(server.folder, "escaped.txt"))], ["request", false]);
});

test("interrupt ends the job, its children, and one that hid in a session of its own; the job saves its work first", async () => {
  const run = await launch(pythonJob(root, "family", `
subprocess.Popen(["sleep", "300"])
subprocess.Popen(["sleep", "300"], start_new_session=True)
print("family is here")
try:
    time.sleep(300)
except KeyboardInterrupt:
    (artifacts / "saved.json").write_text("{}")
`), runtime, { home });
  await until(async () => ((await run.sync()), run.log.includes("family") ? true : undefined));
  const folder = inRuntime(run, "");
  assert.ok(processesOf(folder).length >= 4, "supervisor, job and two children");
  await run.interrupt();
  await run.wait();
  assert.deepEqual([run.record.state, run.record.reason], ["interrupted", "stopped as asked"]);
  await until(() => (processesOf(folder).length === 0 ? true : undefined));
  assert.deepEqual(Object.keys(await run.fetch()), ["saved.json"]);
});

test("two jobs at once, each followed by two at once: no line is lost, doubled or mixed", async () => {
  const job = (name: string): Parameters<typeof launch>[0] => pythonJob(root, name, `for step in range(1, 2001): metrics.log(step, who="${name}"); time.sleep(0.0005)`);
  const runs = await Promise.all(["one", "two"].map((name) => launch(job(name), runtime, { home })));
  const followers = await Promise.all(runs.map((run) => attach(run.id, { home, runtime })));
  await Promise.all([...runs, ...followers].map((run) => run.wait(() => {}, { pollMs: 5 })));
  for (const run of [...runs, ...followers]) {
    assert.deepEqual(run.metrics.map(({ step, who }) => [step, who]), Array.from({ length: 2000 }, (_, at) => [at + 1, run.record.name]));
  }
});

test("a kernel that is killed or ended costs nothing: the job runs on and the next request finds it", async () => {
  const run = await launch(pythonJob(root, "kernel", TICKS), runtime, { home });
  for (const { id } of await kernels()) await kernels("DELETE", `/${id}`);
  assert.equal((await run.sync()).state, "running");
  // The kernel ends itself as the memory killer would; the server restarts it under its name.
  const [kernel] = processesOfKernels();
  process.kill(kernel!, "SIGKILL");
  assert.equal((await run.sync()).state, "running");
  await run.interrupt();
  await run.wait();
  assert.deepEqual(run.metrics.map(({ step }) => step), Array.from({ length: run.metrics.length }, (_, at) => at + 1));
});

test("a network that breaks and refuses for three seconds: the same runtime goes on, nothing is lost or doubled", async () => {
  const proxy = await startProxy(server.url);
  const far = openJupyter({ url: proxy.url, token: server.token });
  try {
    const run = await launch(pythonJob(root, "network", `
for step in range(1, 3001):
    metrics.log(step, text="x" * 500)
    time.sleep(0.001)
(artifacts / "weights.bin").write_bytes(os.urandom(3_000_000))
`), far, { home });
    const end = run.wait(() => {}, { pollMs: 10 });
    for (const bytes of [100_000, 300_000]) {
      proxy.breakAfter(bytes);
      await pause(400);
    }
    proxy.refuse(true);
    await pause(3000);
    proxy.refuse(false);
    await end;
    assert.deepEqual(run.metrics.map(({ step }) => step), Array.from({ length: 3000 }, (_, at) => at + 1));
    proxy.breakAfter(1_500_000); // in the middle of the artifact
    const { "weights.bin": path } = await run.fetch();
    assert.ok(readFileSync(path!).equals(readFileSync(inRuntime(run, "artifacts/weights.bin"))));
  } finally {
    await far.close();
    proxy.stop();
  }
});

test("a launch that was killed before its job began is completed by attach; ten that attach at once start it once", async () => {
  const dying = new Proxy(runtime, {
    get: (target, name) => {
      if (name === "exec") return () => Promise.reject(new Error("killed here"));
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
  await assert.rejects(launch(pythonJob(root, "half", `metrics.log(1); open("starts", "a").write("x")`), dying, { home }), /killed here/);
  const { id, state } = listRuns(home).at(-1)!;
  assert.equal(state, "preparing");
  const others = [runtime, openJupyter({ url: server.url, token: server.token })];
  const runs = await Promise.all(Array.from({ length: 10 }, (_, at) => attach(id, { home, runtime: others[at % 2]! })));
  await Promise.all(runs.map((run) => run.wait()));
  await others[1]!.close();
  assert.deepEqual(runs.map((run) => run.metrics.length), Array(10).fill(1));
  assert.equal(readFileSync(inRuntime(runs[0]!, "starts"), "utf8"), "x");
});

test("wrong token, wrong address, no server, no Jupyter server: each is told apart", async () => {
  const other = createServer((_, response) => response.end("<h1>Welcome</h1>"));
  other.unref();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as AddressInfo;
  const cases: [url: string, token: string, code: string, says: RegExp][] = [
    [server.url, "another", "refused", /does not take this token/],
    [server.url, "", "refused", /does not take this token/],
    [`${server.url}lab/tree/`, server.token, "setup", /not as a Jupyter server/],
    [`http://127.0.0.1:${port}/`, "x", "setup", /not as a Jupyter server/],
    ["http://127.0.0.1:9/", "x", "lost", /no Jupyter server answers/],
  ];
  for (const [url, token, code, says] of cases) {
    const error = await errorOf(openJupyter({ url, token }).start());
    assert.equal(error.code, code, `${url}: ${error.message}`);
    assert.match(error.message, says);
    assert.ok(!error.message.includes(server.token));
  }
  other.close();
  for (const [url, code] of [["", "setup"], ["gpu.example.org", "setup"], ["http://gpu.example.org:8888/", "secret"], [`https://x.example/?token=1`, "secret"]] as const) {
    assert.equal((await errorOf(Promise.resolve().then(() => openJupyter({ env: { LLMOPS_JUPYTER_URL: url } })))).code, code, url);
  }
});

test("a secret in what would be sent is refused before anything leaves, and so is a name that is not the job's to give", async (context) => {
  const folder = scratch(context), secret = join(folder, "settings.env");
  writeFileSync(secret, `# the hub\nHF_TOKEN=hf_${"abcdefghijklmnopqrstuvwxyzABCDEFGH"}\n`);
  const runs = listRuns(home).length, jobs = readdirSync(join(server.folder, "llmops-jobs")).length;
  const job = pythonJob(folder, "leak", "", { files: { "settings.env": secret } });
  const error = await errorOf(launch(job, runtime, { home }));
  assert.equal(error.code, "secret");
  assert.match(error.message, /settings\.env, line 2/);
  const inCommand = { ...pythonJob(folder, "leak", ""), command: ["{python}", "job.py", `--token=hf_${"abcdefghijklmnopqrstuvwxyzABCDEFGH"}`] };
  assert.match((await errorOf(launch(inCommand, runtime, { home }))).message, /word 3 of the command/);
  for (const path of ["../other/state.json", "state.json", "C:\\x", "/etc/x", "artifacts/a.json"]) {
    assert.equal((await errorOf(Promise.resolve().then(() => gather({ ...job, files: { [path]: join(folder, "leak.py") } })))).code, "setup", path);
  }
  assert.deepEqual([listRuns(home).length, readdirSync(join(server.folder, "llmops-jobs")).length], [runs, jobs]);
});

function processesOfKernels(): number[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(join(root, "server")) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("ipykernel_launcher");
    } catch {
      return false;
    }
  });
}
