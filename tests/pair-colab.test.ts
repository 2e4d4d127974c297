/** What check:colab would say, as far as it needs no download: notebooks, pins, and calls held against the recorded signatures. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { inflateSync } from "node:zlib";
import fc from "fast-check";
import { badgeUrl, launch, measureInference, openHandOff } from "llmops/pair";
import { z } from "zod";
import { checkCalls, CHECKED, checkNotebooks, colabCode, committedNotebooks, pins, readSignatures, SignatureFile, SIGNATURES, type CallResult } from "../tools/colab-notebooks.ts";
import { colabNotebooks } from "../tools/build-colab.ts";
import { PYTHON } from "../tools/paths.ts";
import { scratch } from "./support/scratch.ts";

const recorded = SignatureFile.parse(JSON.parse(readFileSync(SIGNATURES, "utf8")));

async function generated(context: TestContext): Promise<string> {
  const home = scratch(context), runtime = openHandOff({ home, env: {} });
  const job = measureInference({ model: "Qwen/Qwen3-0.6B", storage: "nf4", prompts: ["Create a task."], lengths: [128], batches: [1], new_tokens: 8, repeats: 1 });
  return runtime.notebookPath((await launch(job, runtime, { home })).id);
}

/** The verdicts on a few lines of Python. */
function verdicts(context: TestContext, code: string): CallResult[] {
  const path = join(scratch(context), "lesson.py");
  writeFileSync(path, code);
  return checkCalls([path]);
}

test("every Colab notebook, generated or committed, is valid, opens on a T4, pins what it installs and holds no secret", async (context) => {
  const path = await generated(context);
  assert.deepEqual(checkNotebooks([path, ...committedNotebooks()]), []);
  const source = readFileSync(path, "utf8");
  for (const [name, version] of Object.entries(pins())) assert.ok(source.includes(` ${name}==${version}`), `${name}==${version} is not installed`);
});

test("the lessons' notebooks in colab/ are those that npm run build:colab writes now, and carry no run's name", () => {
  const built = colabNotebooks();
  assert.deepEqual([...built.keys()].sort(), committedNotebooks());
  for (const [path, text] of built) {
    assert.equal(readFileSync(path, "utf8"), text, `${path} is stale: npm run build:colab`);
    assert.doesNotMatch(text, /runs bring/);
  }
});

test("every call of the code that runs on a T4 is one that the pinned packages take", async (context) => {
  const calls = checkCalls([...colabCode(), await generated(context)]);
  assert.ok(calls.length > 0);
  assert.deepEqual(calls.filter(({ verdict }) => verdict !== "right" && verdict !== "open"), []);
});

test("the recorded signatures are of the versions that the notebook installs", () => {
  const wanted = pins();
  assert.deepEqual(recorded.versions, Object.fromEntries(CHECKED.map((name) => [name, wanted[name]])));
  assert.throws(() => pins("trl>=1.0\n"), /"trl>=1\.0" pins no exact version/);
});

const SFT = "from trl import SFTConfig, SFTTrainer\n";
const WRONG: readonly [name: string, code: string, detail: RegExp][] = [
  ["max_seq_length of SFTTrainer", `${SFT}SFTTrainer(model=1, max_seq_length=512)`, /takes no max_seq_length/],
  ["tokenizer of SFTTrainer", `${SFT}SFTTrainer(model=1, tokenizer=2)`, /takes no tokenizer/],
  ["max_seq_length of SFTConfig", `${SFT}SFTConfig(output_dir="x", max_seq_length=512)`, /takes no max_seq_length \(it has .*max_length/],
  ["evaluation_strategy of SFTConfig", `${SFT}SFTConfig(evaluation_strategy="steps")`, /takes no evaluation_strategy/],
  ["beta of DPOTrainer", "import trl\ntrl.DPOTrainer(model=1, args=2, beta=0.1)", /takes no beta/],
  ["rank of LoraConfig", "from peft import LoraConfig as Config\nConfig(rank=16)", /takes no rank/],
  ["a keyword in a dict that is handed over", `${SFT}settings = {"model": 1}\nsettings["tokenizer"] = 2\nSFTTrainer(**settings)`, /takes no tokenizer/],
  ["a method of what was made before", `${SFT}trainer = SFTTrainer(model=1)\ntrainer.train(checkpoint="x")`, /takes no checkpoint/],
  ["too many by position", "from transformers import set_seed\nset_seed(1, 2, 3)", /takes 2 arguments by position, 3 are given/],
  ["a missing argument", "from peft import get_peft_model\nget_peft_model(1)", /needs peft_config/],
  ["a name given twice", "from transformers import set_seed\nset_seed(1, seed=2)", /seed is given by position and by name/],
];
for (const [name, code, detail] of WRONG) {
  test(`found as wrong: ${name}`, (context) => {
    const wrong = verdicts(context, code).filter(({ verdict }) => verdict === "wrong");
    assert.equal(wrong.length, 1);
    assert.match(wrong[0]!.detail, detail);
    assert.equal(wrong[0]!.line, code.split("\n").length);
  });
}

test("right code is right, a keyword that only **kwargs takes is open, and a name that nobody recorded is said", (context) => {
  const training = [
    "from unsloth import FastLanguageModel", "from trl import SFTConfig, SFTTrainer", "from datasets import Dataset, load_dataset",
    'model, tokenizer = FastLanguageModel.from_pretrained(model_name="x", max_seq_length=512, dtype=None, load_in_4bit=True)',
    'model = FastLanguageModel.get_peft_model(model, r=16, lora_alpha=16, lora_dropout=0, bias="none", use_gradient_checkpointing="unsloth", random_state=7)',
    'rows = load_dataset("json", data_files="train.jsonl", split="train")',
    "args = SFTConfig(output_dir='checkpoints', max_length=512, fp16=True, bf16=False, per_device_train_batch_size=2, max_steps=60, optim='adamw_8bit', report_to='none')",
    "trainer = SFTTrainer(model=model, args=args, train_dataset=rows, processing_class=tokenizer)",
    "trainer.train(resume_from_checkpoint=True)",
  ].join("\n");
  assert.deepEqual(verdicts(context, training).filter(({ verdict }) => verdict !== "right"), []);

  const [open] = verdicts(context, 'from transformers import AutoModelForCausalLM\nAutoModelForCausalLM.from_pretrained("x", dtype=1, device_map="cuda", low_cpu_memory=True)').filter(({ verdict }) => verdict === "open");
  assert.match(open?.detail ?? "", /^low_cpu_memory goes into \*\*kwargs, which proves nothing/);
  const [unrecorded] = verdicts(context, "from trl import SomethingNew");
  assert.deepEqual([unrecorded?.verdict, unrecorded?.target], ["unrecorded", "trl.SomethingNew"]);
});

test("a notebook that would not run is found: form, syntax, machine, pins, secrets", (context) => {
  const folder = scratch(context), T4 = { accelerator: "GPU", colab: { gpuType: "T4" } };
  const cell = (source: string) => ({ cell_type: "code", id: "one", metadata: {}, source, execution_count: null, outputs: [] });
  const cases: readonly [name: string, change: object, fault: RegExp | undefined][] = [
    ["good", { cells: [cell('%pip install --quiet --constraint keep.txt "trl==1.15.0" unsloth[colab]==2026.10.7\n!nvidia-smi')] }, undefined],
    ["form", { cells: [{ cell_type: "code" }] }, /no valid notebook/],
    ["syntax", { cells: [cell("x = (1,")] }, /cell one, line 1: .*was never closed/],
    ["machine", { metadata: { ...T4, colab: { gpuType: "A100" } } }, /opens on no T4/],
    ["pins", { cells: [cell("!pip install -U trl \\\n    'peft>=0.20'")] }, /trl is installed without an exact version; .*peft>=0\.20/],
    ["secret", { cells: [cell(`TOKEN = "hf_${"aB3dE5gH".repeat(4)}ab"`)] }, /looks like a key/],
    ["asked", { cells: [cell('import getpass\nkey = getpass.getpass("key")')] }, /Colab's Secrets/],
  ];
  const pathOf = (name: string): string => join(folder, `${name}.ipynb`);
  for (const [name, change] of cases) writeFileSync(pathOf(name), JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: T4, cells: [cell("pass")], ...change }));
  const faults = checkNotebooks(cases.map(([name]) => pathOf(name)));
  for (const [name, , expected] of cases) {
    const said = faults.filter(({ path }) => path === pathOf(name)).map(({ fault }) => fault).join("; ");
    if (expected) assert.match(said, expected, name);
    else assert.equal(said, "", name);
  }
});

test("signatures are read from wheels by syntax: inherited fields, lazy and starred imports, wrappers, what **kwargs is asked for", (context) => {
  const folder = scratch(context), files: Record<string, string> = {
    "trl/__init__.py": "from .lazy import *\nif _IS_MLX:\n    class Trainer: pass\n",
    "trl/lazy.py": "from .config import Config\nfrom .trainer import Trainer as Trainer, wrapped\nother = wrapped\n",
    "trl/config.py": "from dataclasses import dataclass, field\nfrom transformers import Base\n@dataclass\nclass Config(Base):\n    length: int = 4\n    hidden: int = field(init=False)\n    must: str = field(metadata={})\n",
    "trl/trainer.py": [
      "import functools", "class Above:", "    def __init__(self, model, *, seed=1, **kwargs):", "        self.x = kwargs.pop('known', None) or kwargs['read']",
      "    def train(self, resume=None): pass", "    @classmethod", "    def load(cls, path): pass", "    @staticmethod", "    def plain(one, two=2): pass", "class Trainer(Above): pass",
      "def inner(a, b=1): pass", "@functools.wraps(inner)", "def wrapped(*args, **kwargs): return inner(*args, **kwargs)",
    ].join("\n"),
    "transformers/__init__.py": "_import_structure = {'base': ['Base']}\n",
    "transformers/base.py": "from dataclasses import dataclass\n@dataclass\nclass Base:\n    first: int\n    second: str = ''\n",
  };
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, "src", path)), { recursive: true });
    writeFileSync(join(folder, "src", path), content);
  }
  const packed = spawnSync(PYTHON, ["-c", "import shutil, sys; shutil.make_archive(sys.argv[1], 'zip', sys.argv[2]); shutil.move(sys.argv[1] + '.zip', sys.argv[1])", join(folder, "made-1-py3-none-any.whl"), join(folder, "src")]);
  assert.equal(packed.status, 0, packed.stderr.toString());
  assert.deepEqual(readSignatures(folder, ["trl.Config", "trl.Trainer", "trl.Trainer.train", "trl.Trainer.load", "trl.Trainer.plain", "trl.other", "trl.Absent"]), {
    "trl.Config": { kind: "class", params: ["first", "second", "length", "must"], required: ["first", "must"] },
    "trl.Trainer": { kind: "class", params: ["model"], required: ["model"], keywordOnly: ["seed"], kwargs: true, reads: ["known", "read"] },
    "trl.Trainer.train": { kind: "function", params: ["resume"], required: [] },
    "trl.Trainer.load": { kind: "function", params: ["path"], required: ["path"] },
    "trl.Trainer.plain": { kind: "function", params: ["one", "two"], required: ["one"] },
    "trl.other": { kind: "function", params: ["a", "b"], required: ["a"] },
    "trl.Absent": null,
  });
});

test("whatever a job sends, its notebook is valid and carries exactly those bytes", async (context) => {
  const home = scratch(context), source = join(home, "data.bin");
  const Spec = z.object({ files: z.array(z.object({ path: z.string(), bytes: z.number(), sha256: z.string() })) });
  await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), fc.string({ unit: "grapheme" }), async (bytes, text) => {
    writeFileSync(source, bytes);
    const runtime = openHandOff({ home, env: {} });
    const run = await launch({ name: "any", code: [], command: ["{python}", "-c", text], recipe: { text }, files: { "data.bin": source }, packages: "standard" }, runtime, { home });
    const notebook = z.looseObject({ cells: z.array(z.looseObject({ id: z.string(), source: z.string() })) }).parse(JSON.parse(readFileSync(runtime.notebookPath(run.id), "utf8")));
    const unpack = notebook.cells.find(({ id }) => id === "unpack")!.source;
    const spec = Spec.parse(JSON.parse(JSON.parse(/^SPEC = json\.loads\((.*)\)$/m.exec(unpack)![1]!) as string));
    const content = inflateSync(Buffer.from(/^FILES = """\n([\s\S]*?)\n"""/m.exec(unpack)![1]!, "base64"));
    let offset = 0;
    for (const file of spec.files) {
      assert.equal(createHash("sha256").update(content.subarray(offset, (offset += file.bytes))).digest("hex"), file.sha256);
      assert.equal(file.sha256, run.record.sent.find(({ path }) => path === file.path)!.sha256);
    }
    assert.equal(offset, content.length);
  }), { numRuns: 25 });
});

test("a badge opens a committed notebook from GitHub", () => {
  assert.equal(badgeUrl("owner/repo", "main", "colab/a b.ipynb"), "https://colab.research.google.com/github/owner/repo/blob/main/colab/a%20b.ipynb");
});
