/** One assessor thread and the processes it asks for: grades one notebook after the other. */
import { MessageChannel, Worker, type MessagePort } from "node:worker_threads";
import { join } from "node:path";
import { ROOT } from "../paths.ts";
import type { Answer, Job, Report, Request } from "./assessor.ts";
import type { Limits } from "./limits.ts";
import type { ExerciseGrade, NotebookGrade } from "./outcome.ts";
import type { Sandbox } from "./sandbox.ts";
import type { Reply, Session } from "./session.ts";

/** What judging itself may take beside the student's seconds: an exercise may run a teacher's simulator. */
const JUDGING_MS = 120_000;

export class Grader {
  readonly #sandbox: Sandbox;
  readonly #limits: Limits;
  readonly #lessons: Record<string, string>;
  #thread: Worker | undefined;
  #session: Session | undefined;

  /** @param lessons the course's notebooks by lesson */
  constructor(sandbox: Sandbox, limits: Limits, lessons: Record<string, string>) {
    this.#sandbox = sandbox;
    this.#limits = limits;
    this.#lessons = lessons;
  }

  async grade(path: string): Promise<NotebookGrade> {
    const thread = (this.#thread ??= this.#startThread());
    const seen: ExerciseGrade[] = [];
    try {
      return await new Promise<NotebookGrade>((resolve, reject) => {
        const fail = (why: string) => end(() => reject(new Error(why)));
        const timer = setTimeout(() => fail("judging its answers took too long"), this.#limits.seconds * 1000 + JUDGING_MS);
        const onMessage = (report: Report) => {
          if ("exercise" in report) seen.push(report.exercise);
          else end(() => resolve(report.done));
        };
        const onError = (error: Error) => fail(error.message);
        const onExit = () => fail("the judging thread ended");
        // Its own listeners only: a worker has some that Node put there.
        const end = (settle: () => void) => {
          clearTimeout(timer);
          thread.off("message", onMessage).off("error", onError).off("exit", onExit);
          settle();
        };
        thread.on("message", onMessage).on("error", onError).on("exit", onExit);
        thread.postMessage({ path, seconds: this.#limits.seconds, lessons: this.#lessons } satisfies Job);
      });
    } catch (error) {
      // The next notebook gets a new thread, and this one keeps what was judged.
      await this.close();
      return { exercises: seen, problems: [`not graded to the end: ${(error as Error).message}`] };
    }
  }

  async close(): Promise<void> {
    this.#session?.stop();
    await this.#session?.ended;
    await this.#thread?.terminate();
    this.#thread = undefined;
  }

  #startThread(): Worker {
    const { port1, port2 } = new MessageChannel();
    const signal = new Int32Array(new SharedArrayBuffer(4));
    port1.on("message", (request: Request) => {
      void this.#do(request).then((answer) => {
        port1.postMessage(answer);
        Atomics.add(signal, 0, 1);
        Atomics.notify(signal, 0);
      });
    });
    const thread = new Worker(join(import.meta.dirname, "assessor.ts"), {
      workerData: { port: port2, signal } satisfies { port: MessagePort; signal: Int32Array },
      transferList: [port2],
      resourceLimits: { maxOldGenerationSizeMb: 1024 },
    });
    thread.on("exit", () => port1.close());
    return thread;
  }

  async #do(request: Request): Promise<Answer> {
    if ("close" in request) {
      this.#session?.stop();
      await this.#session?.ended; // nothing of one answer is there when the next one starts
      this.#session = undefined;
      return { value: undefined, ms: 0 };
    }
    if ("open" in request) {
      this.#session = this.#sandbox.start();
      this.#session.send({ ...request.open, root: ROOT });
      const ready = await this.#session.ready();
      if ("end" in ready) return { end: ready.end, ms: 0 };
    } else if ("give" in request) this.#session!.send({ give: request.give });
    else this.#session!.send({ call: request.call, args: request.args });
    return answerOf(await this.#session!.next(request.ms));
  }
}

/** A message from inside may be forged: nothing of it is taken but what an answer consists of. */
function answerOf(reply: Reply): Answer {
  if ("end" in reply) return reply;
  const { message, ms } = reply;
  if ("back" in message) return { back: message["back"], args: message["args"], ms };
  if (Array.isArray(message["thrown"])) return { thrown: message["thrown"], ms };
  return { value: message["value"], ...(message["later"] === true ? { later: true } : {}), ms };
}
