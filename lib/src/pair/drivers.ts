/** The live routes that need no more than a Jupyter server: this machine, and any other by address and token. */
import { join } from "node:path";
import { findWorkbookHome } from "../course/workbook.js";
import { prepareTraining } from "./environment.js";
import { PairError } from "./error.js";
import { JupyterSession } from "./jupyter-session.js";
import { LiveRuntime } from "./live-runtime.js";
import { localFolder, startLocalServer, stopLocalServer } from "./local-server.js";

/** So long a network may be away before its server counts as lost. */
const NETWORK_PATIENCE_MS = 120_000;

export interface LocalOptions {
  /** Where server and jobs are kept; default: the workbook's own `.workbook`. */
  home?: string;
  /** `standard`: Python alone, and nothing is installed. Default: `training`. */
  packages?: "training" | "standard";
}

/** This machine: a Jupyter server on loopback, jobs in a Python of their own. Its GPU is used if it has one. */
export function openLocal({ home = findWorkbookHome(), packages = "training" }: LocalOptions = {}): LiveRuntime {
  return new LiveRuntime({
    driver: "local",
    says: "this machine: a Jupyter server on loopback and a Python of its own, with the tiny model; free",
    address: { driver: "local" },
    reopens: true,
    async open(report) {
      const python = packages === "training" ? await prepareTraining(report) : undefined;
      const session = await JupyterSession.open(await startLocalServer(home));
      const end = session.stop.bind(session);
      session.stop = async () => {
        await end();
        await stopLocalServer(home);
      };
      return { session, options: { root: join(localFolder(home), "jobs"), python } };
    },
  });
}

export interface JupyterOptions {
  /** Default: LLMOPS_JUPYTER_URL. */
  url?: string;
  /** Default: LLMOPS_JUPYTER_TOKEN. */
  token?: string;
  env?: Readonly<Record<string, string | undefined>>;
}

/** A Jupyter server by address and token: a lab's GPU machine, a rented one. Its token stays in the environment. */
export function openJupyter({ env = process.env, ...given }: JupyterOptions = {}): LiveRuntime {
  const url = given.url ?? env["LLMOPS_JUPYTER_URL"] ?? "", token = given.token ?? env["LLMOPS_JUPYTER_TOKEN"] ?? "";
  if (!URL.canParse(url)) throw new PairError("setup", `LLMOPS_JUPYTER_URL is ${url ? `"${url}"` : "not set"}; it is the address of a Jupyter server, like https://gpu.example.org:8888/`);
  const address = new URL(url);
  if (address.searchParams.has("token") || address.username) throw new PairError("secret", "LLMOPS_JUPYTER_URL holds a token; put it into LLMOPS_JUPYTER_TOKEN, because addresses are written down");
  const isLoopback = ["localhost", "127.0.0.1", "[::1]"].includes(address.hostname);
  if (address.protocol !== "https:" && !isLoopback) throw new PairError("secret", `${address.origin} is not encrypted, and the token would travel in the clear: use https`);
  return new LiveRuntime({
    driver: "jupyter",
    says: `a Jupyter server at ${address.origin}`,
    address: { driver: "jupyter", url },
    reopens: true,
    open: async () => ({ session: await JupyterSession.open({ url, token }, { patienceMs: NETWORK_PATIENCE_MS }) }),
  });
}
