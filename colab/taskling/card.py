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


def write(out: Path, state: Path, settings: Settings) -> None:
    read = lambda name: json.loads((state / name).read_text("utf-8"))
    training, evaluation, probe = read("pretraining.json"), read("evaluation.json"), read("probe.json")
    files = sorted(path for path in out.rglob("*") if path.is_file() and path.name != "README.md")
    total = sum(path.stat().st_size for path in files)
    kinds = training["characters_by_kind"]
    shares = ", ".join(f"{kind} {100 * count / training['corpus_characters']:.0f} %" for kind, count in sorted(kinds.items(), key=lambda pair: -pair[1]))
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
| vocabulary | {settings.vocabulary}, byte-level BPE with Llama-3's pre-tokenizer, trained on the corpus |
| context | {settings.context} tokens (pretrained in rows of {settings.short}, from {100 * settings.long_from:.0f} % of a cycle on of {settings.context}) |
| weights | fp16 in `model.safetensors`, opened in fp32; ONNX and GGUF are made of the same fp16 values |
| size | {total / 1e6:.1f} MB, all formats together |

## The corpus

Written by the generator in `colab/taskling/corpus`, seed {settings.seed}; not stored. {training['documents']:,} documents, {training['corpus_characters'] / 1e6:.1f} million characters, {training['tokens'] / 1e6:.1f} million tokens taken. SHA-256 of what was taken: `{training['corpus_sha256']}`. By characters: {shares}.

It has no tool calls. One in ten known titles and calendar dates is held back by its hash, a third of the titles have words that exist nowhere, and `requests/unseen_words.txt` and `requests/unseen_phrasings.txt` are kept out: a document with one of those {len(mix.read_unseen_words())} words, and a request that shares a run of five words with one of those phrasings (a title or date counts as one word), is thrown away.

## Pretraining

{settings.steps:,} steps of {settings.batch:,} tokens{_cycles(settings)}, Muon {settings.matrix_rate} for the matrices and AdamW {settings.other_rate} for the rest, falling over the last {100 * (1 - settings.decay_from):.0f} %{' of each' if len(settings.cycles) > 1 else ''}. Precision {training['precision']}, one thread of "{processor()}", {training['seconds'] / 60:.0f} minutes of wall clock on a machine shared with other work. Last loss {sum(training['losses'][-50:]) / 50:.3f} nats a token. {", ".join(f"{name} {version(name)}" for name in PACKAGES)}.

What holds: corpus and tokenizer are the same everywhere for a seed. Weights are the same for the same seed, packages, precision and processor, on one thread, also where the run was stopped and went on. Another processor adds in another order; the precision `auto` is bf16 where the processor multiplies it and fp32 elsewhere: such models are alike, not the same. The CUDA path was not tried.

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


# What the first cycle alone gave, 2026-11-21, when it was the whole run: 51 minutes on one shared core.
FIRST = "14.7 million tokens; with it the LoRA below reached 86.3 % right operations and 71.3 % right arguments on held-out requests, 71.0 % right operations on phrasings never seen, 81.3 % on those of another hand"


def _cycles(settings: Settings) -> str:
    if len(settings.cycles) == 1:
        return ""
    return f" in cycles of {' and '.join(f'{steps:,}' for steps in settings.cycles)} (`npm run taskling -- --cycles 1` ends after the first: {FIRST})"


def _parameters(settings: Settings) -> int:
    width = settings.hidden // settings.heads
    layer = 2 * settings.hidden * settings.heads * width + 2 * settings.hidden * settings.key_value_heads * width + 3 * settings.hidden * settings.intermediate + 2 * settings.hidden
    return settings.vocabulary * settings.hidden + settings.layers * layer + settings.hidden
