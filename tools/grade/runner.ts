/**
 * The inside of the sandbox: runs the program that was cut out of a student's notebook, and answers calls of what it gave.
 *
 * No verdict is made here and no expected value comes here, so whatever the program does to this process, to `check`, to
 * `console` or to `Array.prototype`, the most it can send is an answer.
 *
 *     → { program, exercises, root }      ← { ready } and then { value } or { thrown }
 *     → { call, args }                    ← { value, later? } or { thrown }
 *                                         ← { back, args }, before that, where the answer calls a function it was handed
 *     → { give: { value } or { thrown } }
 */
import { createRequire } from "node:module";
import { Socket } from "node:net";
import { join } from "node:path";
import { decode, encode, errorFrom, type Handles, type Wire } from "./wire.ts";

/** The socket that the grader opened for us: stdout and stderr are the student's. */
const CHANNEL = 3;
/** Bytes of a message; more is refused with a sentence. */
const LARGEST = 16 << 20;

interface Start {
  program: string;
  /** What stands in for `llmops/exercises/…`: ids and data, no solution. */
  exercises: Record<string, Wire>;
  root: string;
}

const channel = new Socket({ fd: CHANNEL, readable: true, writable: true });
const write = channel.write.bind(channel);
const { stringify, parse } = JSON;

function send(message: Record<string, unknown>): void {
  let text = Buffer.from(stringify(message));
  if (text.length > LARGEST) text = Buffer.from(stringify({ thrown: ["RangeError", `the answer gave ${(text.length / 2 ** 20).toFixed(0)} MiB; ${LARGEST >> 20} MiB are read`] }));
  const size = Buffer.alloc(4);
  size.writeUInt32LE(text.length);
  write(Buffer.concat([size, text]));
}

/** Calls of the grader's functions, which it answers in their order. */
const waiting: { resolve: (value: unknown) => void; reject: (error: unknown) => void }[] = [];
const handles: Handles = {
  functions: [],
  call: (back, args) =>
    new Promise((resolve, reject) => {
      send({ back, args: args.map((arg) => encode(arg, handles)) });
      waiting.push({ resolve, reject });
    }),
};

function take(given: { value: Wire } | { thrown: unknown[] }): void {
  const caller = waiting.shift();
  if ("thrown" in given) caller?.reject(errorFrom(given.thrown));
  else caller?.resolve(decode(given.value, handles));
}

const described = (error: unknown): [string, string] => {
  try {
    if (error instanceof Error) return [`${error.name}`, `${error.message}`];
    return ["Error", `${String(error)}`];
  } catch {
    return ["Error", "something that cannot be shown"];
  }
};

async function reply(make: () => unknown): Promise<void> {
  try {
    let value = make();
    const later = typeof (value as PromiseLike<unknown> | undefined)?.then === "function";
    if (later) value = await (value);
    send({ value: encode(value, handles), ...(later ? { later } : {}) });
  } catch (error) {
    send({ thrown: described(error) });
  }
}

async function start({ program, exercises, root }: Start): Promise<void> {
  const require = createRequire(join(root, "notebooks", "cell.cjs"));
  const load = async (specifier: string): Promise<unknown> => {
    const exercise = /^llmops\/exercises\/(.+)$/.exec(specifier)?.[1];
    if (exercise !== undefined) return exerciseModule(specifier, exercises[exercise]);
    try {
      return require(specifier) as unknown;
    } catch (error) {
      if (!["ERR_REQUIRE_ASYNC_MODULE", "ERR_REQUIRE_ESM", "ERR_PACKAGE_PATH_NOT_EXPORTED"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
      return import(specifier);
    }
  };
  // As in the kernel: it ends the cell, not the process.
  process.exit = (code) => {
    throw Object.assign(new Error(`process.exit(${code ?? ""}) was called`), { name: "ExitRequested" });
  };
  // An answer counts, whatever else the notebook left behind.
  process.on("unhandledRejection", () => {});
  process.on("uncaughtException", () => {});
  send({ ready: true });
  const AsyncFunction = (async () => {}).constructor as new (...names: string[]) => (...values: unknown[]) => Promise<() => unknown>;
  try {
    const answer = await new AsyncFunction("__load", "__meta", "require", program)(load, Object.freeze({ dirname: "/scratch", filename: "/scratch/notebook.ipynb", url: "file:///scratch/notebook.ipynb" }), require);
    await reply(answer);
  } catch (error) {
    send({ thrown: described(error) });
  }
}

function exerciseModule(specifier: string, data: Wire | undefined): object {
  if (data === undefined) throw new Error(`Cannot find module '${specifier}': an answer sees the exercises of its own lesson only`);
  return new Proxy(decode(data, handles) as object, {
    get(target, name) {
      if (typeof name === "symbol" || name === "then" || name in target) return Reflect.get(target, name) as unknown;
      return () => {
        throw new Error(`${name} of ${specifier} is not there when a notebook is graded: it may hold the solution`);
      };
    },
  });
}

// A loop that prints waits for its reader, who counts. Node queues what is written to a pipe, without end.
for (const stream of [process.stdout, process.stderr]) (stream as unknown as { _handle?: { setBlocking?: (on: boolean) => void } })._handle?.setBlocking?.(true);

let received = Buffer.alloc(0);
channel.on("data", (chunk: Buffer) => {
  received = Buffer.concat([received, chunk]);
  while (received.length >= 4 && received.length >= 4 + received.readUInt32LE(0)) {
    const size = received.readUInt32LE(0);
    const message = parse(received.toString("utf8", 4, 4 + size)) as Start | { call: number; args: Wire[] } | { give: Parameters<typeof take>[0] };
    received = received.subarray(4 + size);
    if ("program" in message) void start(message);
    else if ("give" in message) take(message.give);
    else {
      const { call, args } = message;
      void reply(() => handles.functions[call]!(...args.map((arg) => decode(arg, handles))));
    }
  }
});
// The grader is gone: so are we. (process.exit belongs to the student by now.)
channel.on("close", () => process.kill(process.pid, "SIGKILL"));
