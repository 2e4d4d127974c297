/**
 * Google's own Colab command line (googlecolab/google-colab-cli) as a subprocess: read at 1005593 (2026-07-30) and as
 * google-colab-cli 0.7.5 on PyPI. Every call names its session, its login and its file of sessions; nothing is left to defaults.
 */
import { execFile, type ExecFileException } from "node:child_process";
import semver from "semver";
import { PairError } from "./error.js";

/** Linux and macOS only, as its README says. Earlier releases sent their keep-alive to an address that refuses everyone outside Google. */
const OLDEST = "0.6.0";
/** The first release read that renews a machine's token; before, its record of a machine is of no use after 60 minutes. */
const RENEWS = "0.7.5";
const OUTPUT_BYTES = 64 << 20;
const SHORT_MS = 60_000;

/** A machine as `colab sessions` and `colab status` list it. The name is `?` where the command line has no record of it. */
export interface ListedMachine {
  name: string;
  endpoint: string;
  hardware: string;
}

interface Ended {
  /** Null where it was killed because it took too long. */
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  /** The program; default `colab` on the PATH. */
  program: string;
  /** `oauth2` or `adc`: how the student has logged in. */
  auth: string;
  /** Its file of sessions: ours, so that it prunes and lists nothing of the student's own. */
  config: string;
  session: string;
}

export class ColabCommand {
  readonly #options: CommandOptions;

  constructor(options: CommandOptions) {
    this.#options = options;
  }

  /**
   * Whether it renews the token of a machine.
   *
   * @throws PairError `setup` where the program is not there, or too old
   */
  async renewsTokens(): Promise<boolean> {
    const { stdout, stderr } = await this.#run(["version"], SHORT_MS);
    const version = semver.coerce(/^Version: (\S+)/m.exec(stdout)?.[1]);
    if (!version) throw new PairError("setup", `\`${this.#options.program} version\` does not answer as Google's Colab command line does: ${lastLine(stderr || stdout)}`);
    if (semver.lt(version, OLDEST)) throw new PairError("setup", `the Colab command line is ${version.version}; ${OLDEST} or newer is needed: uv tool upgrade google-colab-cli`);
    return semver.gte(version, RENEWS);
  }

  /**
   * Asks for a T4. An accelerator that the command line does not know would become an A100, so it takes no other word.
   *
   * @throws PairError `refused` where Colab gives none
   */
  async create(limitMs: number): Promise<void> {
    const ended = await this.#run(["new", "-s", this.#options.session, "--gpu", "T4"], limitMs);
    if (ended.code === 0) return;
    const said = ended.stderr + ended.stdout;
    if (/rejected accelerator|Allocation refused|TooManyAssignments/.test(said)) {
      throw new PairError("refused", `Colab gives no T4 now (${lastLine(ended.stderr)}). The free quota renews by itself, mostly within a day: try later, end what runs (Runtime > Manage sessions in Colab), or use LLMOPS_RUNTIME=local`);
    }
    this.#failed("new", ended);
  }

  /** Runs a file of Python over there; gives what it printed. The exit code is 0 after an exception too. */
  async execute(file: string, timeoutMs: number): Promise<string> {
    const seconds = Math.ceil(timeoutMs / 1000);
    const ended = await this.#run(["exec", "-s", this.#options.session, "-f", file, "--timeout", String(seconds)], timeoutMs + 30_000);
    if (ended.code !== 0) this.#failed("exec", ended);
    return ended.stdout;
  }

  async upload(local: string, remote: string, timeoutMs: number): Promise<void> {
    const ended = await this.#run(["upload", "-s", this.#options.session, local, remote], timeoutMs);
    if (ended.code !== 0) this.#failed("upload", ended);
  }

  async download(remote: string, local: string, timeoutMs: number): Promise<void> {
    const ended = await this.#run(["download", "-s", this.#options.session, remote, local], timeoutMs);
    if (ended.code !== 0) this.#failed("download", ended);
  }

  /** Our machine as the command line knows it; undefined where it knows none. It forgets what Colab has taken back. */
  async find(): Promise<ListedMachine | undefined> {
    const ended = await this.#run(["status", "-s", this.#options.session], SHORT_MS);
    if (ended.code !== 0) this.#failed("status", ended);
    return machinesIn(ended.stdout).find(({ name }) => name === this.#options.session);
  }

  /** Every machine that Colab has given to this account. */
  async list(): Promise<ListedMachine[]> {
    const ended = await this.#run(["sessions"], SHORT_MS);
    if (ended.code !== 0) this.#failed("sessions", ended);
    return machinesIn(ended.stdout);
  }

  /** Asks for the machine's end. That it was asked proves nothing: look at `list`. */
  async stop(): Promise<void> {
    const ended = await this.#run(["stop", "-s", this.#options.session], SHORT_MS);
    if (ended.code !== 0) this.#failed("stop", ended);
  }

  /** @throws PairError that says what a failed call means */
  #failed(verb: string, { code, stdout, stderr }: Ended): never {
    const said = `${stdout}\n${stderr}`, last = lastLine(stderr) || lastLine(stdout);
    if (code === null) throw new PairError("timeout", `\`colab ${verb}\` gave no answer in time`);
    if (/appears to be lost|Session '.*' not found/.test(said)) throw new PairError("lost", last);
    if (/EOFError|RefreshError|DefaultCredentialsError|To authorize colab-cli/.test(said)) {
      const { program, auth } = this.#options;
      throw new PairError("refused", `Colab's command line is not logged in. Run this once in a terminal: ${program} --auth ${auth} sessions`);
    }
    throw new PairError("timeout", `\`colab ${verb}\` failed: ${last || `exit code ${code}`}`);
  }

  #run(words: readonly string[], timeoutMs: number): Promise<Ended> {
    const { program, auth, config } = this.#options;
    return new Promise((resolve, reject) => {
      const child = execFile(
        program,
        ["--auth", auth, "--config", config, ...words],
        // Wide, so that no line is broken; without colours.
        { timeout: timeoutMs, killSignal: "SIGKILL", maxBuffer: OUTPUT_BYTES, env: { ...process.env, COLUMNS: "500", NO_COLOR: "1" } },
        (error: ExecFileException | null, stdout, stderr) => {
          if (error?.code === "ENOENT") reject(new PairError("setup", `${program} is not installed: uv tool install google-colab-cli (or LLMOPS_COLAB_CLI=/path/to/colab)`));
          else if (error?.code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER") reject(new PairError("damaged", `\`colab ${words[0]}\` printed more than ${OUTPUT_BYTES >> 20} MiB`));
          else resolve({ code: error ? (typeof error.code === "number" ? error.code : null) : 0, stdout, stderr });
        },
      );
      child.stdin?.end(); // a login that asks for a code must not wait for one
    });
  }
}

/** Lines like `[name] endpoint | Hardware: T4 | Shape: Standard | Variant: GPU | Status: IDLE`. */
const machinesIn = (text: string): ListedMachine[] =>
  [...text.matchAll(/^\[([^\]]+)\] (\S+) \| Hardware: (\S+)/gm)].map(([, name, endpoint, hardware]) => ({ name: name!, endpoint: endpoint!, hardware: hardware! }));

const lastLine = (text: string): string => text.trim().split("\n").pop()?.replace(/^\[colab\] (Error: )?/, "").slice(0, 400) ?? "";
