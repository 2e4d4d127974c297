/** `npm start`: from the command to a live JupyterLab with a TypeScript kernel that answers. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { startCommand } from "./support/command.ts";
import { ROOT, scratch } from "./support/scratch.ts";

const WORK_PARENT = join(ROOT, ".workbook");
mkdirSync(WORK_PARENT, { recursive: true });

test("npm start reaches a JupyterLab whose TypeScript kernel runs a cell that imports lib", async (context) => {
  const work = scratch(context, WORK_PARENT);
  const start = startCommand(context, "npm", ["start", "--", "--no-browser", "--work", work]);
  const [, origin, token] = await start.waitFor(/(http:\/\/127\.0\.0\.1:\d+)\/lab\?token=(\w+)/);
  const api = (path: string, init: RequestInit = {}) =>
    fetch(`${origin}/api/${path}`, { ...init, headers: { authorization: `token ${token}`, "content-type": "application/json" } });

  assert.equal((await fetch(`${origin}/api/contents`)).status, 403, "without the token nothing answers");
  const specs = (await (await api("kernelspecs")).json()) as { default: string; kernelspecs: object };
  assert.deepEqual([specs.default, Object.keys(specs.kernelspecs)], ["tslab", ["tslab"]]);
  const listing = (await (await api("contents/63-data-engineering-for-training")).json()) as { content: { name: string }[] };
  assert.ok(listing.content.some(({ name }) => name.startsWith("07-lab")), "the lessons are there");

  const kernel = (await (await api("kernels", { method: "POST", body: JSON.stringify({ name: "tslab" }) })).json()) as { id: string };
  const outputs = await execute(
    `${origin!.replace("http", "ws")}/api/kernels/${kernel.id}/channels?token=${token}`,
    'import { FORMATS } from "llmops/data";\nconst first: string = FORMATS[0];\nconsole.log(process.version.split(".")[0], first);',
  );
  assert.equal(outputs, "v24 alpaca\n");

  process.kill(-start.process.pid!, "SIGINT");
  await start.ended;
  await assert.rejects(fetch(`${origin}/api/status`), "the server has stopped");
});

/** Runs one cell through the server's own kernel channel and returns what it printed. */
async function execute(url: string, code: string): Promise<string> {
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  const header = { msg_id: "cell-1", username: "test", session: "test", msg_type: "execute_request", version: "5.3", date: "" };
  const content = { code, silent: false, store_history: true, user_expressions: {}, allow_stdin: false };
  let printed = "";
  const done = new Promise<string>((resolve) => {
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(String(data)) as {
        parent_header: { msg_id?: string };
        header: { msg_type: string };
        content: { text?: string; evalue?: string; execution_state?: string };
      };
      if (message.parent_header.msg_id !== header.msg_id) return;
      printed += message.content.text ?? message.content.evalue ?? "";
      if (message.content.execution_state === "idle") resolve(printed);
    };
  });
  socket.send(JSON.stringify({ header, parent_header: {}, metadata: {}, content, channel: "shell", buffers: [] }));
  try {
    return await done;
  } finally {
    socket.close();
  }
}

test("npm start -- --demo has the lesson's kernel running, with its imports, before it says that it is open; the home page leads to it", async (context) => {
  const work = scratch(context, WORK_PARENT);
  const start = startCommand(context, "npm", ["start", "--", "--no-browser", "--work", work, "--lesson", "63.1", "--demo"], { LLMOPS_HOME: join(work, "state") });
  const [, origin, path, token] = await start.waitFor(/(http:\/\/127\.0\.0\.1:\d+)\/lab\/tree\/(\S+)\?token=(\w+)/);
  assert.match(start.output(), /The kernel of 63\.1 is up[^]*63\.1 is warm after [\d.]+ s/);
  const sessions = (await (await fetch(`${origin}/api/sessions`, { headers: { authorization: `token ${token}` } })).json()) as { path: string; kernel: { name: string } }[];
  assert.deepEqual(sessions.map((session) => [session.path, session.kernel.name]), [[path, "tslab"]]);
  const [home] = /http:\/\/127\.0\.0\.1:\d+\/\?key=\w+/.exec(start.output())!;
  const cookie = (await fetch(home, { redirect: "manual" })).headers.get("set-cookie")!.split(";")[0]!;
  const opened = await fetch(new URL("/open/63.1", home), { headers: { cookie }, redirect: "manual" });
  assert.equal(opened.headers.get("location"), `${origin}/lab/tree/${path}?token=${token}`);
});

test("a second start installs nothing", () => {
  const { stdout, stderr, status } = spawnSync("npm", ["start", "--silent", "--", "--help"], { cwd: ROOT, encoding: "utf8" });
  assert.equal(status, 0);
  assert.match(stdout, /--port N/);
  assert.doesNotMatch(stderr, /Installing|Compiling/);
});

test("a taken port is named, with the way out", async (context) => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  context.after(() => taken.close());
  const { port } = taken.address() as { port: number };
  // Not spawnSync: this process holds the port and must stay responsive.
  const start = startCommand(context, "npm", ["start", "--silent", "--", "--no-browser", "--port", String(port)]);
  assert.equal(await start.ended, 1);
  assert.match(start.output(), new RegExp(`Port ${port} is taken by another program`));
  assert.match(start.output(), new RegExp(`--port ${port + 1}`));
});

for (const [args, message] of [
  [["--port", "notaport"], /--port notaport is no port number/],
  [["--lesson", "99.1"], /There is no lesson 99\.1/],
  [["--work", "/tmp/elsewhere"], /--work \/tmp\/elsewhere lies outside the workbook/],
  [["--demo"], /--demo needs the lesson[^]*--lesson 63\.7/],
  [["--frobnicate"], /frobnicate/],
] as const) {
  test(`a wrong option is refused with its remedy: ${args.join(" ")}`, (context) => {
    const work = args[0] === "--work" ? [] : ["--work", scratch(context, WORK_PARENT)];
    const { status, stderr } = spawnSync("npm", ["start", "--silent", "--", "--no-browser", ...work, ...args], { cwd: ROOT, encoding: "utf8" });
    assert.equal(status, 1);
    assert.match(stderr, message);
  });
}
