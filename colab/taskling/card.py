"""The model card: what was measured, of what the model is made, and the hash of every file."""
from __future__ import annotations

import hashlib
import json
import platform
from importlib.metadata import version
from pathlib import Path

from . import task_tools
from .corpus import mix
from .corpus.requests import read_phrasings
from .probe import LIMITS, TUNING, interval
from .settings import Settings
from .tokenizer import SPACED

PACKAGES = ["torch", "transformers", "tokenizers", "peft", "onnxruntime", "gguf"]


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def processor() -> str:
    """The processor's name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _merged(runs: dict) -> str:
    """All seeds of the probe together, and the lowest and highest of each figure."""
    lines = ["| requests | n | valid JSON | right operation | right arguments | wanted |", "| --- | ---: | ---: | ---: | ---: | --- |"]
    sets = [run["sets"] for run in runs.values()]
    for name in sets[0]:
        cells = []
        of = sum(found[name]["n"] for found in sets)
        for key in ("valid", "operation", "arguments"):
            right = sum(found[name][key]["right"] for found in sets)
            low, high = interval(right, of)
            shares = [found[name][key]["percent"] for found in sets]
            cells.append(f"{100 * right / of:.1f} % ({low}–{high}; seeds {min(shares)}–{max(shares)})")
        wanted = " / ".join(f"{limit}" if limit else "–" for limit in LIMITS[name])
        lines.append(f"| {name} | {of} | {' | '.join(cells)} | {wanted} |")
    return "\n".join(lines)


def _verdict(runs: dict) -> str:
    """Which of the wanted figures are missed, all seeds together."""
    sets, missed = [run["sets"] for run in runs.values()], []
    for name, limits in LIMITS.items():
        for key, limit in zip(("valid", "operation", "arguments"), limits, strict=True):
            share = 100 * sum(found[name][key]["right"] for found in sets) / sum(found[name]["n"] for found in sets)
            if share < limit:
                missed.append(f"{name}, {key}: {share:.1f} % of {limit} %")
    return f"Not reached: {'; '.join(missed)}." if missed else "All that is wanted is reached."


def _quoted(text: str) -> str:
    return "> " + text.replace("\n", "\n> ")


def write(out: Path, folders: list[Path], phases: list[Settings]) -> None:
    read = lambda name, folder=folders[-1]: json.loads((folder / name).read_text("utf-8"))
    trainings, evaluation, probe, settings = [read("pretraining.json", folder) for folder in folders], read("evaluation.json"), read("probe.json"), phases[-1]
    files = sorted(path for path in out.rglob("*") if path.is_file() and path.name != "README.md")
    total = sum(path.stat().st_size for path in files)
    parameters = _parameters(settings)
    runs = probe["runs"]
    tools = "\n".join(f"{tool['function']['name']}({', '.join(key + ('' if key in tool['function']['parameters']['required'] else '?') for key in tool['function']['parameters']['properties'])}): {tool['function']['description']}" for tool in task_tools.TOOLS)
    text = f"""---
license: "apache-2.0"
language: ["en"]
library_name: "transformers"
pipeline_tag: "text-generation"
---

# Taskling

A Llama of {parameters:,} parameters that this repository makes from nothing: `npm run taskling`. It answers requests about tasks in prose; the labs teach it to call tools. It knows nothing else: no facts, no other language, no arithmetic. It is for learning how models are tuned, not for use.

## What it is

| | |
| --- | --- |
| shape | {settings.layers} layers, hidden size {settings.hidden}, {settings.heads} heads and {settings.key_value_heads} key-value heads of {settings.hidden // settings.heads}, MLP {settings.intermediate}, tied embeddings |
| vocabulary | {settings.vocabulary}, byte-level BPE with Llama-3's pre-tokenizer, trained on the corpus{_words(phases)} |
| context | {settings.context} tokens (pretrained in rows of {settings.short}, in the last {100 * (1 - settings.long_from):.0f} % of a cycle of {settings.context}) |
| weights | fp16 in `model.safetensors`, opened in fp32; ONNX and GGUF are made of the same fp16 values |
| size | {total / 1e6:.1f} MB, all formats together |

## The corpus

Written by the generator in `colab/taskling/corpus`, seed {settings.seed}; not stored.

{_corpus(phases, trainings)}

It has no tool calls. One in ten known titles and calendar dates is held back by its hash,{_later(phases)} a third of the titles have words that exist nowhere, and `requests/unseen_words.txt` and `requests/unseen_phrasings.txt` are kept out: a document with one of those {len(mix.read_unseen_words())} words, and a request that shares a run of five words with one of those phrasings (a title or date counts as one word), is thrown away.

## Pretraining

{_pretraining(phases, trainings)}

Precision {trainings[-1]['run']['precision']} on "{processor()}". {", ".join(f"{name} {version(name)}" for name in PACKAGES)}.

What holds: corpus and tokenizer are the same everywhere for a seed. Weights are the same for the same seed, packages, precision and processor, in as many processes of one thread, also where the run was stopped and went on. Another processor adds in another order; the precision `auto` is bf16 where the processor multiplies it and fp32 elsewhere: such models are alike, not the same. The CUDA path was not tried.

## What the base can do

Loss on documents of another seed: {", ".join(f"{kind} {loss}" for kind, loss in evaluation['losses'].items())}. Titles with words it never saw are said again whole in {evaluation['copies of words never seen']} % of 100 patterns. To 100 held-out requests it answers in prose that names the operation ({evaluation['replies']['names the operation']} %) and the title ({evaluation['replies']['says the title']} %).

{chr(10).join(f"User: {ask}{chr(10)}{chr(10)}{_quoted(said)}{chr(10)}" for ask, said in evaluation['replies']['examples'][:3])}
With the tools in its prompt, and asked for calls, it gives valid JSON in {probe['base, prompted']['valid']['percent']} % of {probe['base, prompted']['n']}: it answers in prose.

## What a LoRA makes of it

`probe.py`: rank {TUNING['rank']}, alpha {TUNING['alpha']}, all linear layers, {TUNING['examples']} examples, {TUNING['steps']} steps of {TUNING['batch']}, rate {TUNING['rate']}; {", ".join(f"seed {seed} {run['processor_seconds']:.0f} s of processor time" for seed, run in runs.items())}. All seeds together, in brackets the interval of 95 % and the seeds' range; greedy answers.

{_merged(runs)}

{_verdict(runs)}

"Right arguments" compares without case, leading article, quotes around and full stop behind, and wants exactly the given arguments. "Phrasings never seen" are {len(read_phrasings("unseen_phrasings"))} requests written before the corpus, as they stand and twice more with other titles and days; "phrasings of another hand" {len(read_phrasings("another_hand"))} requests that were written without a look at the corpus.

The format, which a fine-tuning should keep: the system prompt `{task_tools.SYSTEM}` with the tools of `task_tools.py`, which the chat template writes as

```
{tools}
Call a tool: {{"name": its name, "parameters": {{its parameters}}}}
```

and the answer `{{"name": "create_task", "parameters": {{"title": "buy milk", "due_date": "Friday"}}}}`; several calls are separated by `; `. Titles and dates are the user's own words (a date without its preposition): the tool finds the task and the day. A priority is `low`, `medium` or `high`, and left out where none is named; `status` is `done` where finished tasks are asked for.

## Files

| file | bytes | SHA-256 |
| --- | ---: | --- |
{chr(10).join(f"| `{path.relative_to(out).as_posix()}` | {path.stat().st_size} | `{sha256(path)}` |" for path in files)}
"""
    (out / "README.md").write_text(text, "utf-8")


"""
What a LoRA made of the model after so many cycles, each when it was the whole run, with `probe.py`'s seed 1: right operations and right
arguments on held-out requests, right operations on phrasings never seen and on those of another hand.
"""
EARLIER = {1: "86.3 %, 71.3 %, 71.0 % and 81.3 % (2026-11-21)", 2: "88.7 %, 76.3 %, 75.8 % and 86.7 % (2026-11-21)", 3: "95.3 %, 89.7 %, 77.3 % and 90.7 % (2026-11-21)"}


def _words(phases: list[Settings]) -> str:
    """How the tokenizer that the last phase has sees words."""
    own = [phase.words for phase in phases if phase.words != "kept"][-1]
    return f"; a word is the same tokens behind a space, a quote or a bracket, but for {len(SPACED.split())} common words that have their space" if own == "apart" else ""


def _later(phases: list[Settings]) -> str:
    """What only later phases have."""
    said = lambda shares: ", ".join(f"{shares[phase.mix]:.0%} in the phase {phase.mix}" for phase in phases if shares[phase.mix])
    titles, frames = said(mix.FREE_TITLES), said(mix.FURTHER_FRAMES)
    return (f" some of the others are put together freely from words of all kinds ({titles})," if titles else "") + (f" some whole utterances are of `requests/further` ({frames})," if frames else "")


def _corpus(phases: list[Settings], trainings: list[dict]) -> str:
    lines = ["| phase | documents | characters | tokens | by characters | SHA-256 of what was taken |", "| --- | ---: | ---: | ---: | --- | --- |"]
    for phase, training in zip(phases, trainings, strict=True):
        kinds = sorted(training["characters_by_kind"].items(), key=lambda pair: -pair[1])
        shares = ", ".join(f"{kind} {100 * count / training['corpus_characters']:.0f} %" for kind, count in kinds)
        lines.append(f"| {phase.mix} | {training['documents']:,} | {training['corpus_characters'] / 1e6:.1f} M | {training['tokens'] / 1e6:.1f} M | {shares} | `{training['corpus_sha256']}` |")
    return "\n".join(lines)


def _pretraining(phases: list[Settings], trainings: list[dict]) -> str:
    lines = ["| phase | steps | tokens a step | Muon, matrices | AdamW, the rest | rates fall over | what is asked counts | processes | minutes | last loss |", "| --- | --- | ---: | ---: | ---: | --- | ---: | ---: | ---: | ---: |"]
    for phase, training in zip(phases, trainings, strict=True):
        lines.append(f"| {phase.mix} | {' and '.join(f'{steps:,}' for steps in phase.cycles)} | {phase.batch:,} | {phase.matrix_rate} | {phase.other_rate} | the last {100 * (1 - phase.decay_from):.0f} % of a cycle "
                     f"| {phase.asked_weight} | {phase.processes} | {training['seconds'] / 60:.0f} | {sum(last := training['losses'][-50:]) / len(last):.3f} |")
    notes = ["Each number of steps is a cycle of the learning rate, and each phase begins with the weights of the one before. Minutes are of the wall clock, on a machine shared with other work; losses are in nats a token, of the phase's own documents and tokenizer, so those of two phases cannot be compared. “What is asked” are the turns of users and system prompts: their share in the loss, against 1 for all other text."]
    if len(phases) > 1:
        notes.append("A phase with another tokenizer begins with the rows of its embedding transplanted: a token that the old one had keeps its row, any other gets the mean of what stood for it.")
    done = sum(len(phase.cycles) for phase in phases)
    notes += [f"`npm run taskling -- --cycles {count}` ends earlier; its LoRA reached {found} on held-out requests (operation, arguments), phrasings never seen and another hand (operation)." for count, found in EARLIER.items() if count < done]
    return "\n\n".join(["\n".join(lines), *notes])


def _parameters(settings: Settings) -> int:
    width = settings.hidden // settings.heads
    layer = 2 * settings.hidden * settings.heads * width + 2 * settings.hidden * settings.key_value_heads * width + 3 * settings.hidden * settings.intermediate + 2 * settings.hidden
    return settings.vocabulary * settings.hidden + settings.layers * layer + settings.hidden
