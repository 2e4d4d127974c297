// What the student reads while the workbook installs itself, and when it cannot.

/** A fault the student can mend: what happened, and the remedy, each in a sentence or two. */
export class SetupError extends Error {
  constructor(message, remedy, { log, interrupted = false } = {}) {
    super(message);
    this.remedy = remedy;
    this.log = log;
    this.interrupted = interrupted;
  }
}

export function report(error) {
  console.error(`\n${error.message}`);
  if (error.remedy) console.error(`\n  ${error.remedy.split("\n").join("\n  ")}`);
  if (error.log) console.error(`\n  Full log: ${error.log}`);
  console.error("");
}

// The same few faults come out of pip and npm in many wordings; the student needs one sentence for each.
const KNOWN_FAULTS = [
  {
    pattern: /ENOSPC|No space left on device|not enough space|OSError: \[Errno 28\]/i,
    message: "The disk is full: the installation needs about 1 GB.",
    remedy: "Free some space, then run the same command again. What was half installed is replaced.",
  },
  {
    pattern:
      /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|name resolution|Name or service not known|nodename nor servname|NewConnectionError|ConnectTimeout|ReadTimeout|Max retries exceeded|Network is unreachable|Could not connect|Connection refused/i,
    message: "The package registries (pypi.org, registry.npmjs.org) cannot be reached.",
    remedy:
      "The first start needs a network; later starts do not. Connect (behind a proxy, set HTTPS_PROXY), then run the same command again.",
  },
  {
    pattern: /CERTIFICATE_VERIFY_FAILED|SELF_SIGNED_CERT|UNABLE_TO_(GET|VERIFY)|unable to get local issuer/i,
    message: "A certificate of the package registry was refused, as happens behind a company proxy.",
    remedy:
      "Point pip and npm at your company's certificate: set PIP_CERT and NODE_EXTRA_CA_CERTS to its .pem file, then run the same command again.",
  },
  {
    pattern: /EACCES|EPERM|Permission denied/i,
    message: "A file of the workbook's folder may not be written.",
    remedy: "Check who owns the folder (was it made with sudo?), or clone the workbook into a folder of your own.",
  },
];

/** Turns the log of a failed installer into the sentence for its fault. */
export function explainFailure(what, output, log) {
  const fault = KNOWN_FAULTS.find(({ pattern }) => pattern.test(output));
  if (fault) return new SetupError(`${what} failed. ${fault.message}`, fault.remedy, { log });
  const tail = output.trim().split("\n").slice(-5).join("\n");
  return new SetupError(
    `${what} failed:\n\n${tail}`,
    "Run the same command again: it starts over where it stopped. If it fails again, the log says more.",
    { log },
  );
}

/** One line a step, redrawn in place on a terminal and printed once per tenth elsewhere. */
export class StepProgress {
  #title;
  #started = Date.now();
  #lastTenth = -1;
  #live = process.stderr.isTTY && !process.env.CI;

  constructor(title) {
    this.#title = title;
    if (!this.#live) console.error(`${title} …`);
    else this.update(0);
  }

  /** @param {number} fraction 0..1, as far as it is known */
  update(fraction) {
    const share = Math.min(1, Math.max(0, fraction));
    if (this.#live) {
      const filled = Math.round(share * 24);
      const bar = "█".repeat(filled) + "░".repeat(24 - filled);
      process.stderr.write(`\r\x1b[2K${this.#title}  ${bar} ${String(Math.round(share * 100)).padStart(3)}%  ${this.#seconds()} s`);
      return;
    }
    const tenth = Math.floor(share * 10);
    if (tenth > this.#lastTenth && tenth > 0 && tenth < 10 && tenth % 3 === 0) console.error(`  ${tenth * 10}%`);
    this.#lastTenth = Math.max(this.#lastTenth, tenth);
  }

  done() {
    const line = `${this.#title}: done in ${this.#seconds()} s`;
    if (this.#live) process.stderr.write(`\r\x1b[2K${line}\n`);
    else console.error(line);
  }

  fail() {
    if (this.#live) process.stderr.write("\n");
  }

  #seconds() {
    return Math.round((Date.now() - this.#started) / 1000);
  }
}
