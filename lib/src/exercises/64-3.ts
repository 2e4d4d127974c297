/** The exercises of lesson 64.3, "Unsloth Setup". */
import type { Exercise } from "../course/check.js";

/** A machine, as the trainer sees it before it loads anything. */
export interface SetupMachine {
  name: string;
  cuda: boolean;
  /** CUDA compute capability: 7.5 of a T4; 0 without a card. */
  capability: number;
  bitsandbytes: boolean;
  unsloth: boolean;
}
/** What a recipe becomes there. */
export interface Setup {
  precision: "fp32" | "fp16" | "bf16";
  fourBit: boolean;
  backend: "unsloth" | "trl";
}
/** @param wantsBf16 - whether the recipe asks for bf16 */
export type ChooseSetup = (machine: SetupMachine, wantsBf16: boolean) => Setup;

const MACHINES: readonly SetupMachine[] = [
  { name: "a laptop", cuda: false, capability: 0, bitsandbytes: true, unsloth: true },
  { name: "a T4 with all packages", cuda: true, capability: 7.5, bitsandbytes: true, unsloth: true },
  { name: "a T4 without Unsloth", cuda: true, capability: 7.5, bitsandbytes: true, unsloth: false },
  { name: "a T4 without bitsandbytes", cuda: true, capability: 7.5, bitsandbytes: false, unsloth: true },
  { name: "an A100", cuda: true, capability: 8, bitsandbytes: true, unsloth: true },
  { name: "an L4", cuda: true, capability: 8.9, bitsandbytes: true, unsloth: true },
];
const CASES = MACHINES.flatMap((machine) => [false, true].map((wants) => [machine, wants] as const));
const choose: ChooseSetup = ({ cuda, capability, bitsandbytes, unsloth }, wants) => ({
  precision: !cuda ? "fp32" : wants && capability >= 8 ? "bf16" : "fp16",
  fourBit: cuda && bitsandbytes,
  backend: cuda && unsloth ? "unsloth" : "trl",
});
const same = (a: unknown, b: Setup): boolean => typeof a === "object" && a !== null && (Object.keys(b) as (keyof Setup)[]).every((key) => (a as Setup)[key] === b[key]);
const chooses = (mistaken: ChooseSetup) => (answer: ChooseSetup) => CASES.every(([machine, wants]) => same(answer({ ...machine }, wants), mistaken(machine, wants)));
const said = (given: unknown): string => (given === undefined ? "nothing" : JSON.stringify(given));

export const setupChoice: Exercise<ChooseSetup> = {
  id: "64.3/setup-choice",
  kind: "function",
  hints: [
    "Sort the questions: which of the machine's fields mean nothing when there is no card?",
    "Precision has three outcomes. Without a card there is one; with a card, bf16 needs two things at once: a recipe that asks for it, and a capability of at least 8.0.",
    "The 4 bits depend on bitsandbytes and the backend on Unsloth, each by itself, and both on a card.",
  ],
  fault: (answer) => {
    for (const [machine, wants] of CASES) {
      const [given, expected] = [answer({ ...machine }, wants), choose(machine, wants)];
      if (!same(given, expected)) return `On ${machine.name}, with a recipe that ${wants ? "asks for bf16" : "leaves the precision open"}: ${said(expected)}. Your function gives ${said(given)}.`;
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "bf16 wherever there is a card",
      matches: chooses((machine, wants) => ({ ...choose(machine, wants), ...(machine.cuda && wants ? { precision: "bf16" } : {}) })),
      message: "You give a T4 bf16 because the recipe asks. Its capability is 7.5, and bf16 begins at 8.0: take fp16 there, whatever `torch.cuda.is_bf16_supported()` says, which counts emulation.",
    },
    {
      name: "bf16 by itself",
      matches: chooses((machine, wants) => ({ ...choose(machine, wants), ...(machine.cuda && machine.capability >= 8 ? { precision: "bf16" } : {}) })),
      message: "You take bf16 on every card that has it. A recipe that does not ask for it then computes otherwise on an A100 than on a T4, and the two runs cannot be compared. Without being asked: fp16 on a card.",
    },
    {
      name: "fp16 on a processor",
      matches: chooses((machine, wants) => ({ ...choose(machine, wants), ...(machine.cuda ? {} : { precision: "fp16" }) })),
      message: "You train in fp16 on a machine without a card. A processor has no tensor cores that would gain from it, and the scaler of losses is made for CUDA: there it is fp32.",
    },
    {
      name: "packages without a card",
      matches: chooses((machine, wants) => ({ ...choose(machine, wants), fourBit: machine.bitsandbytes, backend: machine.unsloth ? "unsloth" : "trl" })),
      message: "You go by the packages alone. The laptop has both installed and no card, and neither Unsloth nor the 4-bit recipe runs there: ask for CUDA first.",
    },
    {
      name: "4 bit by Unsloth",
      matches: chooses((machine, wants) => ({ ...choose(machine, wants), fourBit: machine.cuda && machine.unsloth })),
      message: "You tie the 4 bits to Unsloth. They are bitsandbytes' work: TRL and PEFT train over a packed base too, and Unsloth without bitsandbytes has no base to train over.",
    },
  ],
  because: "Three questions, asked of the machine and not of the wish: is there a card, does it have bf16 (8.0 and above), are the packages there. The trainer asks the same ones (colab/trainer/machine.py), refuses where the recipe asks for what is not there, and writes the answers into run.json.",
};

/** An old script's arguments of the trainer, all in one. */
export type OldArguments = Readonly<Record<string, unknown>>;
/** Where each of them belongs today. */
export interface NewArguments {
  trainer: Record<string, unknown>;
  config: Record<string, unknown>;
}
export type MoveArguments = (old: OldArguments) => NewArguments;

const OLD: readonly OldArguments[] = [
  { model: "M", tokenizer: "T", train_dataset: "D", dataset_text_field: "text", max_seq_length: 2048, learning_rate: 2e-4, warmup_ratio: 0.03, num_train_epochs: 3 },
  { model: "M2", tokenizer: "T2", train_dataset: "D2", max_seq_length: 512, warmup_ratio: 0.1, per_device_train_batch_size: 2, fp16: true },
];
const TRAINER = ["model", "train_dataset"];
const NAMES: Readonly<Record<string, string>> = { tokenizer: "processing_class", max_seq_length: "max_length", warmup_ratio: "warmup_steps" };

function move(old: OldArguments, { names = NAMES, toTrainer = [...TRAINER, "processing_class"], precision = true } = {}): NewArguments {
  const moved: NewArguments = { trainer: {}, config: {} };
  for (const [name, value] of Object.entries(old)) {
    const now = names[name] ?? name;
    (toTrainer.includes(now) ? moved.trainer : moved.config)[now] = value;
  }
  if (precision) Object.assign(moved.config, { fp16: true, bf16: false });
  return moved;
}
const equal = (given: unknown, expected: NewArguments): boolean =>
  typeof given === "object" && given !== null && (["trainer", "config"] as const).every((place) => {
    const held = (given as NewArguments)[place] as Record<string, unknown> | undefined, wanted = expected[place];
    return typeof held === "object" && held !== null && Object.keys(held).length === Object.keys(wanted).length && Object.entries(wanted).every(([name, value]) => held[name] === value);
  });
const moves = (change: Parameters<typeof move>[1]) => (answer: MoveArguments) => OLD.every((old) => equal(answer({ ...old }), move(old, change)));
const without = (name: string): Record<string, string> => Object.fromEntries(Object.entries(NAMES).filter(([old]) => old !== name));

export const movedArguments: Exercise<MoveArguments> = {
  id: "64.3/moved-arguments",
  kind: "function",
  hints: [
    "The table of signatures above has the new name of each old one. Three of the arguments have changed their names; which?",
    "Then the place: objects (model, tokenizer, data) go to the trainer, settings to the config. Whatever you do not know by name is a setting, and keeps its name and value.",
    "Two settings are always there at the end, whether the old script had them or not: fp16 and bf16. A T4 decides which is true.",
  ],
  fault: (answer) => {
    for (const old of OLD) {
      const [given, expected] = [answer({ ...old }), move(old)];
      if (!equal(given, expected)) return `From ${JSON.stringify(old)} it should be ${JSON.stringify(expected)}. Your function gives ${said(given)}.`;
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "tokenizer kept",
      matches: moves({ names: without("tokenizer"), toTrainer: [...TRAINER, "tokenizer"] }),
      message: "You kept `tokenizer`. SFTTrainer of TRL 1.15 takes no such argument: it is `processing_class`, since a processor of images can stand there too.",
    },
    {
      name: "old length",
      matches: moves({ names: without("max_seq_length") }),
      message: "You kept `max_seq_length`. SFTConfig calls it `max_length`; only Unsloth's from_pretrained still has the old name, and there it means the length that positions are made for.",
    },
    {
      name: "length on the trainer",
      matches: moves({ toTrainer: [...TRAINER, "processing_class", "max_length", "dataset_text_field"] }),
      message: "The names are right, the place is not: `max_length` and `dataset_text_field` belong to SFTConfig. The trainer takes objects (model, tokenizer, data), the config takes settings.",
    },
    {
      name: "share of warm-up",
      matches: moves({ names: without("warmup_ratio") }),
      message: "You kept `warmup_ratio`, which Transformers 5 no longer has. `warmup_steps` takes both: a number of steps, or below 1 a share of them.",
    },
    {
      name: "precision left open",
      matches: moves({ precision: false }),
      message: "Names and places are right. But neither fp16 nor bf16 is settled, and TRL then takes bf16, which a T4 does not have: set fp16 true and bf16 false in both scripts.",
    },
  ],
  because: "Objects go to the trainer, settings to its config, and on a T4 the precision is always said. Names move with each version: what is right is what the pinned version's signature says.",
};
