/** Makes a lesson start at once: its kernel runs with the library loaded, its runtime is up, before anybody looks. */
import { join } from "node:path";
import type { CatalogueLesson } from "llmops/course";
import { readNotebook, textOf } from "./notebook.ts";

const KERNEL_LIMIT_MS = 60_000;

/** A running JupyterLab. */
export interface Lab {
  origin: string;
  token: string;
}

/**
 * Starts the session of a lesson's notebook and loads what the lesson imports into its kernel; starts this machine's runtime
 * where the lesson opens one. JupyterLab then finds the session by the notebook's path.
 *
 * @throws Error with what did not start
 */
export async function warmUp(lesson: CatalogueLesson & { notebook: string }, work: string, lab: Lab, say: (line: string) => void): Promise<void> {
  const started = Date.now();
  const kernel = startKernel(lesson.notebook, lab).then(async (id) => {
    await execute(id, lab, importsOf(join(work, lesson.notebook)).map((name) => `await import(${JSON.stringify(name)});`).join("\n"));
    say(`The kernel of ${lesson.id} is up, with what the lesson imports.`);
  });
  const runtime = lesson.doors.includes("runtime") ? startRuntime(say) : undefined;
  await Promise.all([kernel, runtime]);
  say(`${lesson.id} is warm after ${((Date.now() - started) / 1000).toFixed(1)} s.`);
}

/** What the lesson's cells import, without the names: loading a module twice costs nothing. */
function importsOf(path: string): string[] {
  const code = readNotebook(path).cells.filter(({ cell_type }) => cell_type === "code").map(({ source }) => textOf(source)).join("\n");
  return [...new Set([...code.matchAll(/^(?:import|\} from) .*?"([^"]+)";/gm)].map(([, name]) => name!))];
}

async function startKernel(notebook: string, { origin, token }: Lab): Promise<string> {
  const answer = await fetch(`${origin}/api/sessions`, {
    method: "POST", headers: { authorization: `token ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ path: notebook, name: notebook, type: "notebook", kernel: { name: "tslab" } }),
  });
  if (!answer.ok) throw new Error(`The lesson's kernel did not start: ${await answer.text()}`);
  return ((await answer.json()) as { kernel: { id: string } }).kernel.id;
}

async function execute(kernel: string, { origin, token }: Lab, code: string): Promise<void> {
  const socket = new WebSocket(`${origin.replace("http", "ws")}/api/kernels/${kernel}/channels?token=${token}`);
  const ended = new Promise<void>((resolve, reject) => {
    socket.onerror = () => reject(new Error("The lesson's kernel cannot be reached."));
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(String(data)) as { parent_header: { msg_id?: string }; header: { msg_type: string }; content: { status?: string; evalue?: string } };
      if (message.parent_header.msg_id !== "warm-up" || message.header.msg_type !== "execute_reply") return;
      if (message.content.status === "ok") resolve();
      else reject(new Error(`The lesson's imports failed: ${message.content.evalue}`));
    };
    setTimeout(() => reject(new Error(`The lesson's kernel did not answer within ${KERNEL_LIMIT_MS / 1000} s.`)), KERNEL_LIMIT_MS).unref();
  });
  const header = { msg_id: "warm-up", username: "workbook", session: "warm-up", msg_type: "execute_request", version: "5.3", date: "" };
  const send = () => socket.send(JSON.stringify({ header, parent_header: {}, metadata: {}, content: { code, silent: true, store_history: false, user_expressions: {}, allow_stdin: false }, channel: "shell", buffers: [] }));
  socket.onopen = send;
  try {
    await ended;
  } finally {
    socket.close();
  }
}

async function startRuntime(say: (line: string) => void): Promise<void> {
  const { openRuntime } = await import("llmops/pair");
  const runtime = openRuntime();
  await runtime.start(say);
  say(`The runtime is up: ${runtime.says}.`);
}
