"""The yardstick: a LoRA fine-tuning on a few hundred calls of the Task API, and how well they are then made. Run it as `python -m taskling.probe MODEL`."""
from __future__ import annotations

import json
import math
import os
import random
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from jobs.answer_prompts import answer_all

from . import task_tools, trials
from .trials import Trial

"""How the LoRA is trained: each example is seen once."""
TUNING = {"examples": 4800, "rank": 16, "alpha": 32, "steps": 600, "batch": 8, "rate": 3e-3, "warmup": 20}
LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
LIMITS = {"held-out titles and dates": (99, 98, 95), "words never seen": (0, 90, 80), "phrasings of pretraining only": (0, 0, 0), "phrasings never seen": (0, 85, 0), "phrasings of another hand": (0, 85, 0)}


def encode_prompt(tokenizer, request: str) -> list[int]:
    text = tokenizer.apply_chat_template(task_tools.prompt(request), tools=task_tools.TOOLS, tokenize=False, add_generation_prompt=True)
    return tokenizer.encode(text, add_special_tokens=False)


def encode_trial(tokenizer, trial: Trial) -> tuple[list[int], list[int]]:
    """The prompt's tokens and the answer's, as the chat template writes them."""
    whole = tokenizer.apply_chat_template([*task_tools.prompt(trial.request), task_tools.call(trial.name, trial.arguments)], tools=task_tools.TOOLS, tokenize=False)
    start = encode_prompt(tokenizer, trial.request)
    tokens = tokenizer.encode(whole, add_special_tokens=False)
    assert tokens[:len(start)] == start, "the template writes a prompt and its answer otherwise together than apart"
    return start, tokens[len(start):]


def tune(model, tokenizer, examples: list[Trial], seed: int, full: bool = False):
    """A LoRA on all linear layers, with the loss on the answers only (`full`: every weight instead)."""
    torch.manual_seed(seed)
    if not full:
        model = get_peft_model(model, LoraConfig(r=TUNING["rank"], lora_alpha=TUNING["alpha"], target_modules=LINEAR, lora_dropout=0.0, task_type="CAUSAL_LM"))
    encoded = [encode_trial(tokenizer, example) for example in examples]
    weights = [p for p in model.parameters() if p.requires_grad]
    full_rate = 3e-4 if full else TUNING["rate"]
    optimizer = torch.optim.AdamW(weights, lr=full_rate, weight_decay=0.0)
    rng, order, losses = random.Random(seed), [], []
    model.train()
    for step in range(TUNING["steps"]):
        optimizer.param_groups[0]["lr"] = full_rate * min(1, (step + 1) / TUNING["warmup"]) * max(0.02, 1 - step / TUNING["steps"])
        while len(order) < TUNING["batch"]:
            order += rng.sample(range(len(encoded)), len(encoded))
        batch, order = [encoded[i] for i in order[:TUNING["batch"]]], order[TUNING["batch"]:]
        width = max(len(start) + len(answer) for start, answer in batch)
        ids = torch.full((len(batch), width), tokenizer.pad_token_id)
        labels = torch.full((len(batch), width), -100)
        for row, (start, answer) in enumerate(batch):
            ids[row, :len(start) + len(answer)] = torch.tensor(start + answer)
            labels[row, len(start):len(start) + len(answer)] = torch.tensor(answer)
        # Padding stands behind and no label looks at it: no mask is needed.
        loss = model(input_ids=ids, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(loss.item())
    return model.eval(), losses


def answer(model, tokenizer, requests: list[str], limit: int = 80, batch: int = 50) -> list[str]:
    """Greedy answers, in the order of the requests."""
    return answer_all(model, tokenizer, "cpu", [encode_prompt(tokenizer, request) for request in requests], limit, batch)[0]


def interval(right: int, of: int) -> tuple[float, float]:
    """Wilson's interval of 95 %, in percent."""
    z, share = 1.96, right / of
    middle, half = (share + z * z / (2 * of)) / (1 + z * z / of), z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return round(100 * max(0.0, middle - half), 1), round(100 * min(1.0, middle + half), 1)


def mark(trials_: list[Trial], answers: list[str]) -> dict:
    """How many answers are calls, of the right operation, with the right arguments; and those that are not."""
    valid = right = exact = 0
    wrong = []
    for trial, said in zip(trials_, answers, strict=True):
        found = task_tools.parse(said)
        known = found is not None and found[0] in task_tools.NAMES
        named = known and found[0] == trial.name
        whole = named and task_tools.same_arguments(found[1], trial.arguments)
        valid, right, exact = valid + known, right + named, exact + whole
        if not whole:
            wrong.append({"request": trial.request, "wanted": {"name": trial.name, "parameters": trial.arguments}, "said": said})
    of = len(trials_)
    return {"n": of, **{key: {"right": count, "percent": round(100 * count / of, 1), "interval": interval(count, of)} for key, count in (("valid", valid), ("operation", right), ("arguments", exact))}, "wrong": wrong}


def examine(model, tokenizer, seed: int, count: int = 300) -> dict[str, dict]:
    sets = {"held-out titles and dates": trials.held_out(count, seed), "words never seen": trials.unseen_words(count, seed),
            "phrasings of pretraining only": trials.other_frames(count, seed), "phrasings never seen": trials.unseen_phrasings(seed), "phrasings of another hand": trials.another_hand()}
    return {name: mark(found, answer(model, tokenizer, [trial.request for trial in found])) for name, found in sets.items()}


def table(results: dict[str, dict]) -> str:
    lines = ["| requests | n | valid JSON | right operation | right arguments |", "| --- | ---: | ---: | ---: | ---: |"]
    for name, result in results.items():
        cells = [f"{result[key]['percent']} % ({result[key]['interval'][0]}–{result[key]['interval'][1]})" for key in ("valid", "operation", "arguments")]
        lines.append(f"| {name} | {result['n']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def probe(folder: Path, state: Path, say=print, seeds: tuple[int, ...] = (1, 2, 3), count: int = 300) -> dict:
    """Each seed's result is written when it is there; one that is found is not made again."""
    path = state / "probe.json"
    tokenizer = AutoTokenizer.from_pretrained(folder)
    load = lambda: AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    results: dict = json.loads(path.read_text("utf-8")) if path.exists() else {}
    if results.get("tuning") != TUNING:
        found = trials.held_out(count, 0)
        said = answer(load().eval(), tokenizer, [trial.request for trial in found])
        results = {"tuning": TUNING, "base, prompted": mark(found, said), "base says": [[trial.request, text] for trial, text in zip(found[:5], said)], "runs": {}}
    say(f"the base, prompted: {results['base, prompted']['valid']['percent']} % valid JSON; it says: {results['base says'][0][1]!r}")
    for seed in seeds:
        if str(seed) in results["runs"]:
            continue
        began = time.monotonic(), time.process_time()
        model, losses = tune(load(), tokenizer, trials.tuning(TUNING["examples"], seed), seed)
        seconds, busy = time.monotonic() - began[0], time.process_time() - began[1]
        say(f"seed {seed}: {TUNING['examples']} examples, {TUNING['steps']} steps, {seconds:.0f} s ({busy:.0f} s of processor time), last losses {sum(losses[-20:]) / 20:.4f}")
        sets = examine(model, tokenizer, seed, count)
        say(table(sets))
        results["runs"][str(seed)] = {"seconds": round(seconds, 1), "processor_seconds": round(busy, 1), "sets": sets}
        path.write_text(json.dumps(results, indent=1, ensure_ascii=False), "utf-8")
    return results


if __name__ == "__main__":
    torch.set_num_threads(1)
    model_folder = Path(sys.argv[1])
    probe(model_folder, model_folder if len(sys.argv) < 3 else Path(sys.argv[2]), seeds=tuple(int(seed) for seed in sys.argv[3:]) or (1, 2, 3))
