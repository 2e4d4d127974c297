/** What must be true of every Colab notebook and of all Python that runs there; `npm run check:colab` and `npm test` ask for it. */
import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { findPii } from "llmops/data";
import { z } from "zod";
import { PYTHON, ROOT } from "./paths.ts";

export const REQUIREMENTS = join(ROOT, "colab", "requirements-t4.txt");
export const SIGNATURES = join(ROOT, "colab", "signatures.json");
/** The packages whose calls are held against their signatures. */
export const CHECKED = ["unsloth", "unsloth-zoo", "trl", "peft", "transformers", "bitsandbytes", "datasets"];

/** What chapters 64 to 68 teach, recorded before their jobs call it, so that a lesson's code can be checked offline while it is written. */
export const TAUGHT = [
  "unsloth.FastLanguageModel", "unsloth.FastLanguageModel.from_pretrained", "unsloth.FastLanguageModel.get_peft_model", "unsloth.FastLanguageModel.for_inference",
  "unsloth.chat_templates.get_chat_template", "unsloth.chat_templates.train_on_responses_only", "unsloth.is_bfloat16_supported",
  "trl.SFTConfig", "trl.SFTTrainer", "trl.SFTTrainer.train", "trl.DPOConfig", "trl.DPOTrainer", "trl.DPOTrainer.train", "trl.KTOConfig", "trl.KTOTrainer",
  "peft.LoraConfig", "peft.get_peft_model", "peft.PeftModel", "peft.PeftModel.from_pretrained", "peft.prepare_model_for_kbit_training",
  "transformers.AutoModelForCausalLM", "transformers.AutoModelForCausalLM.from_pretrained", "transformers.AutoTokenizer", "transformers.AutoTokenizer.from_pretrained",
  "transformers.BitsAndBytesConfig", "transformers.TrainerCallback", "transformers.TrainingArguments", "transformers.set_seed",
  "datasets.load_dataset", "datasets.Dataset", "datasets.Dataset.from_list", "bitsandbytes.optim.AdamW8bit",
];

const Signature = z.looseObject({ kind: z.enum(["class", "function"]), params: z.array(z.string()), required: z.array(z.string()) });

/** colab/signatures.json: what the calls of our code take, in the pinned versions. */
export const SignatureFile = z.strictObject({
  versions: z.record(z.string(), z.string()),
  signatures: z.record(z.string(), Signature.nullable()),
});

export const CallResult = z.object({
  path: z.string(),
  line: z.number(),
  target: z.string(),
  keywords: z.array(z.string()),
  /** `open`: a `**kwargs` takes the keyword, and nothing says whether it is read. */
  verdict: z.enum(["right", "wrong", "open", "unrecorded"]),
  detail: z.string(),
});
export type CallResult = z.output<typeof CallResult>;

/** A fault of one file, in a sentence. */
export interface Fault {
  path: string;
  fault: string;
}

/** The committed notebooks, and the Python that runs on a T4: colab/taskling runs in .venv-train, with other versions. */
export const committedNotebooks = (): string[] => globSync("colab/**/*.ipynb", { cwd: ROOT }).sort().map((path) => join(ROOT, path));
export const colabCode = (): string[] => globSync("colab/{jobs,runtime,trainer}/**/*.py", { cwd: ROOT }).sort().map((path) => join(ROOT, path));

/** The pinned versions of a requirements file, by name. @throws Error for a line that pins none */
export function pins(text = readFileSync(REQUIREMENTS, "utf8")): Record<string, string> {
  return Object.fromEntries(text.split("\n").filter((line) => line.trim() && !line.startsWith("#")).map((line) => {
    const match = /^([A-Za-z0-9._-]+)==([A-Za-z0-9.+!]+)$/.exec(line.trim());
    if (!match) throw new Error(`${relative(ROOT, REQUIREMENTS)}: "${line}" pins no exact version`);
    return [match[1]!.toLowerCase(), match[2]!];
  }));
}

/** Form, syntax, T4, pinned installs, no secret: the faults, none if all is well. */
export function checkNotebooks(paths: readonly string[]): Fault[] {
  const faults = z.array(z.object({ path: z.string(), fault: z.string() })).parse(python(["notebooks"], paths));
  for (const path of paths) {
    if (faults.some((fault) => fault.path === path)) continue;
    const notebook = z.looseObject({
      metadata: z.looseObject({ accelerator: z.string().optional(), colab: z.looseObject({ gpuType: z.string().optional() }).optional() }),
      cells: z.array(z.looseObject({ cell_type: z.string(), id: z.string().optional(), source: z.union([z.string(), z.array(z.string())]) })),
    }).parse(JSON.parse(readFileSync(path, "utf8")));
    const say = (fault: string): unknown => faults.push({ path, fault });
    if (notebook.metadata.accelerator !== "GPU" || notebook.metadata.colab?.gpuType !== "T4") say('opens on no T4: its metadata needs "accelerator": "GPU" and "colab": {"gpuType": "T4"}');
    for (const cell of notebook.cells) {
      const source = [cell.source].flat().join("");
      for (const loose of looseInstalls(source)) say(`cell ${cell.id}: ${loose} is installed without an exact version`);
      // Packed files were looked through before they were packed, and random letters look like keys.
      const secret = findPii(source.replaceAll(/"""\n[A-Za-z0-9+/=\n]+\n"""/g, ""), { kinds: ["secret", "url-credentials"] })[0];
      if (secret) say(`cell ${cell.id} holds what looks like a key or a password`);
      if (/\bgetpass\(|\binput\(.*(?:key|token)/i.test(source)) say(`cell ${cell.id} asks for a key: take it from Colab's Secrets (google.colab.userdata)`);
    }
  }
  return faults;
}

/** What `pip install` of a cell fetches without an exact version. */
function looseInstalls(source: string): string[] {
  return source.replaceAll("\\\n", " ").split("\n").filter((line) => /^\s*[%!]\s*(?:uv\s+)?pip3?\s+install\b/.test(line)).flatMap((line) => {
    const words = line.replace(/^.*?\binstall\b/, "").trim().split(/\s+/).map((word) => word.replaceAll(/["']/g, ""));
    return words.filter((word, at) => word && !word.startsWith("-") && !["-r", "--requirement", "-c", "--constraint"].includes(words[at - 1] ?? "") && !/^[A-Za-z0-9._[\],-]+==[A-Za-z0-9.+!]+$/.test(word));
  });
}

/** Every call of these files into the checked packages, held against the recorded signatures. */
export const checkCalls = (paths: readonly string[], signatures = SIGNATURES): CallResult[] => z.array(CallResult).parse(python(["calls", signatures], paths));

/** Reads signatures from a folder of wheels. */
export const readSignatures = (wheels: string, targets: readonly string[]): z.output<typeof SignatureFile>["signatures"] =>
  SignatureFile.shape.signatures.parse(python(["record", wheels], targets));

/** Runs tools/check_colab.py with a list in a file. */
function python(mode: string[], list: readonly string[]): unknown {
  const folder = mkdtempSync(join(tmpdir(), "check-colab-"));
  try {
    const file = join(folder, "list.json");
    writeFileSync(file, JSON.stringify(list));
    const { status, stdout, stderr } = spawnSync(PYTHON, [join(ROOT, "tools", "check_colab.py"), ...mode, file], { encoding: "utf8", maxBuffer: 1 << 28 });
    if (status !== 0) throw new Error(`tools/check_colab.py ${mode[0]}: ${stderr.trim().split("\n").pop()}`);
    return JSON.parse(stdout);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
