/** The route `cli`: a Colab T4 through Google's own command line. Linux, macOS and WSL; only where the student asks for it. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { findWorkbookHome } from "../course/workbook.js";
import { CliSession } from "./cli-session.js";
import { ColabCommand } from "./colab-command.js";
import { MachineGone, PairError } from "./error.js";
import type { Command } from "./job.js";
import { LiveRuntime } from "./live-runtime.js";
import type { Report } from "./runtime.js";

const CREATE_MS = 300_000;
const REQUEST_MS = 60_000;
const GONE_LIMIT_MS = 30_000;
const GONE_POLL_MS = 2_000;
/** A job that is asked to end saves its work in 15 s; the command line may lose the machine after 60 minutes. */
const JOB_MINUTES = 50;
const MACHINE_MINUTES = 55;
const LEAST_MINUTES = 5;
const SESSION = "llmops";
const MANAGE = "open https://colab.research.google.com, Runtime > Manage sessions, and end it there";

export interface CliOptions {
  /** The program; default LLMOPS_COLAB_CLI, else `colab` on the PATH. */
  program?: string;
  /** How the student has logged in with it; default LLMOPS_COLAB_AUTH, else `oauth2`. */
  auth?: string;
  /** `T4` and nothing else: the command line takes a word that it does not know for an A100. */
  gpu?: string;
  /** Where the record of the machine is kept; default: the workbook's own `.workbook`. */
  home?: string;
  env?: Readonly<Record<string, string | undefined>>;
  report?: Report;
  /** Milliseconds that a stopped machine has to vanish from Colab's list; default 30,000. */
  goneMs?: number;
}

/** A Colab T4 through `colab`, one machine for this workbook. */
export function openCli({ home = findWorkbookHome(), env = process.env, report, goneMs = GONE_LIMIT_MS, ...given }: CliOptions = {}): LiveRuntime {
  if (process.platform === "win32") throw new PairError("unsupported", "Google's Colab command line does not run on Windows: run the workbook in WSL, or use LLMOPS_RUNTIME=tab");
  const gpu = given.gpu ?? (env["LLMOPS_COLAB_GPU"] || "T4");
  if (gpu !== "T4") throw new PairError("unsupported", `LLMOPS_COLAB_GPU is "${gpu}": this course asks for a T4 only, because the command line takes a name that it does not know for an A100, which is billed`);
  const auth = given.auth ?? (env["LLMOPS_COLAB_AUTH"] || "oauth2");
  if (auth !== "oauth2" && auth !== "adc") throw new PairError("setup", `LLMOPS_COLAB_AUTH is "${auth}"; it takes oauth2 or adc`);
  const folder = join(home, "runtimes", "cli");
  const command = new ColabCommand({ program: given.program ?? (env["LLMOPS_COLAB_CLI"] || "colab"), auth, config: join(folder, "sessions.json"), session: SESSION });
  const machine = new Machine(command, folder, goneMs);
  return new LiveRuntime({
    driver: "cli",
    says: "a Colab T4 through Google's own command line",
    address: { driver: "cli" },
    async open(say, mayStart) {
      mkdirSync(folder, { recursive: true, mode: 0o700 }); // the command line keeps the machine's token there
      await machine.find(mayStart, say);
      const session = new CliSession(command, { folder, explainLoss: (cause) => machine.explainLoss(cause), end: () => machine.end() });
      return { session, options: { timeoutMs: REQUEST_MS } };
    },
    limit: (job) => machine.limit(job),
    end: () => machine.end(),
  }, report);
}

const MachineFile = z.object({ endpoint: z.string(), started: z.number() });

/** Our machine: what the command line forgets of it, we remember. */
class Machine {
  #renews = false;

  constructor(private readonly command: ColabCommand, private readonly folder: string, private readonly goneMs: number) {}

  /** @throws PairError `lost` where there is none and none may be started */
  async find(mayStart: boolean, say: Report): Promise<void> {
    this.#renews = await this.command.renewsTokens();
    const found = await this.command.find();
    if (found) return;
    if (!mayStart) throw await this.explainLoss(new PairError("lost", "the command line knows no machine of this workbook"));
    say("Asking Colab for a T4 …");
    await this.command.create(CREATE_MS);
    const made = await this.command.find();
    if (!made) throw new PairError("refused", "`colab new` said that the machine is ready, and `colab status` knows none");
    if (made.hardware !== "T4") {
      await this.command.stop();
      throw new PairError("refused", `Colab gave ${made.hardware} instead of a T4; it was given back`);
    }
    writeFileSync(this.#path, JSON.stringify({ endpoint: made.endpoint, started: Date.now() / 1000 }), { mode: 0o600 });
    say(`Colab gave a T4 (${made.endpoint}).`);
  }

  /** A job ends in time to bring its work home, while the command line still reaches the machine. */
  limit(job: Command): Command {
    if (this.#renews) return { ...job, minutes: job.minutes ?? JOB_MINUTES };
    const age = this.#known ? (Date.now() / 1000 - this.#known.started) / 60 : 0;
    const left = Math.floor(MACHINE_MINUTES - age);
    if (left < LEAST_MINUTES) throw new PairError("request", `this machine is ${Math.round(age)} minutes old, and your Colab command line loses its machines after 60: stop the runtime and start it anew, or upgrade (uv tool upgrade google-colab-cli)`);
    return { ...job, minutes: Math.min(job.minutes ?? JOB_MINUTES, left) };
  }

  /** Reclaimed by Colab, or only forgotten here? The list of the account's machines tells. */
  async explainLoss(cause: PairError): Promise<PairError> {
    const known = this.#known;
    const listed = known && (await this.command.list().catch(() => undefined));
    if (known && listed?.some(({ endpoint }) => endpoint === known.endpoint)) {
      const minutes = Math.round((Date.now() / 1000 - known.started) / 60);
      return new MachineGone(`the Colab command line has lost its record of the machine ${known.endpoint} after ${minutes} minutes (its token lasts 60), and the machine runs on: to end it, ${MANAGE}. Then start the runtime anew and resume the job; what it saved on Drive or the Hub is kept`, { cause });
    }
    if (known && !listed) return cause; // what it means is seen when Colab answers again
    this.#forget();
    return new MachineGone(`Colab has taken the machine ${known?.endpoint ?? "of this workbook"} back (idle, or its time was up). Start the runtime anew and resume the job`, { cause });
  }

  /**
   * Ends the machine, and asks Colab whether it has.
   *
   * @throws PairError `refused` where it is still listed
   */
  async end(): Promise<void> {
    const found = await this.command.find();
    const endpoint = found?.endpoint ?? this.#known?.endpoint;
    if (found) await this.command.stop();
    const deadline = Date.now() + this.goneMs;
    while (endpoint !== undefined && (await this.command.list()).some((listed) => listed.endpoint === endpoint)) {
      if (Date.now() > deadline) throw new PairError("refused", `Colab still lists the machine ${endpoint}, which uses up your quota: ${MANAGE}`);
      await new Promise((wake) => setTimeout(wake, Math.min(GONE_POLL_MS, this.goneMs)));
    }
    this.#forget();
  }

  get #path(): string {
    return join(this.folder, "machine.json");
  }

  get #known(): z.output<typeof MachineFile> | undefined {
    if (!existsSync(this.#path)) return undefined;
    try {
      return MachineFile.safeParse(JSON.parse(readFileSync(this.#path, "utf8"))).data;
    } catch {
      return undefined; // cut off while it was written
    }
  }

  #forget(): void {
    rmSync(this.#path, { force: true });
  }
}
