"""What the base can do before any fine-tuning: its loss by kind of document, copying, and prose that says again what was asked."""
from __future__ import annotations

import json
import random
from pathlib import Path

import torch

from . import trials
from .corpus import mix
from .export import read_model, read_tokenizer
from .packing import render
from .settings import Settings
from .tokenizer import BEGIN

COPIES = ['The task is called "{}". Its name is "', 'Repeat after me: "{}". "', 'First "{}", then "water the plants". What comes first? "']


@torch.no_grad()
def greedy(model, tokens: list[int], stop: set[int], limit: int = 60) -> list[int]:
    """Greedy tokens, one sequence at a time, without padding."""
    made = model.generate(input_ids=torch.tensor([tokens]), attention_mask=torch.ones(1, len(tokens), dtype=torch.int64), max_new_tokens=limit, do_sample=False, pad_token_id=model.config.pad_token_id, eos_token_id=sorted(stop))
    return made[0, len(tokens):].tolist()


@torch.no_grad()
def losses(model, tokenizer, settings: Settings, count: int = 600) -> dict[str, float]:
    """Nats a token of documents of another seed."""
    spent: dict[str, list[float]] = {}
    documents = mix.documents(settings.seed + 1_000_000, settings.mix)
    for _ in range(count):
        kind, document = next(documents)
        tokens = tokenizer.encode(BEGIN + document if isinstance(document, str) else render(document), add_special_tokens=False)[:settings.context]
        ids = torch.tensor([tokens])
        loss = model(input_ids=ids, labels=ids).loss.item()
        held = spent.setdefault(kind, [0.0, 0.0])
        held[0] += loss * (len(tokens) - 1)
        held[1] += len(tokens) - 1
    total = [sum(part) for part in zip(*spent.values(), strict=True)]
    return {"all": round(total[0] / total[1], 3), **{kind: round(a / b, 3) for kind, (a, b) in sorted(spent.items())}}


def copies(model, tokenizer, count: int = 100) -> float:
    """How often a title with words that no corpus has is said again whole, in percent."""
    found, rng = trials.unseen_words(count, 7), random.Random(7)
    right = 0
    for trial in found:
        text = trial.arguments["title"]
        tokens = tokenizer.encode(BEGIN + rng.choice(COPIES).format(text), add_special_tokens=False)
        said = tokenizer.decode(greedy(model, tokens, {tokenizer.eos_token_id}, 40), skip_special_tokens=True)
        right += said.startswith(text)
    return round(100 * right / count, 1)


WORDS = {"create_task": ("add", "creat", "new task", "put"), "update_task": ("mov", "updat", "chang", "reschedul", "renam", "set", "due", "priority", "title", "called"), "complete_task": ("complet", "done", "check", "clos"),
         "delete_task": ("delet", "remov"), "list_tasks": ("you have", "your", "there are", "nothing", "no ")}


def replies(model, tokenizer, count: int = 100) -> dict:
    """How often the base answers a request in prose that names the operation and the title."""
    found = trials.held_out(count, 7)
    named = titled = 0
    shown = []
    for trial in found:
        said = tokenizer.decode(greedy(model, tokenizer.encode(render([{"role": "user", "content": trial.request}]) + "<|start_header_id|>assistant<|end_header_id|>\n\n", add_special_tokens=False), {tokenizer.eos_token_id}, 80), skip_special_tokens=True)
        named += any(word in said.lower() for word in WORDS[trial.name])
        titled += trial.arguments.get("title", "").lower() in said.lower()
        shown.append([trial.request, said])
    return {"names the operation": round(100 * named / count, 1), "says the title": round(100 * titled / count, 1), "examples": shown[:6]}


def evaluate(out: Path, settings: Settings, state: Path, say=print) -> dict:
    model, tokenizer = read_model(out), read_tokenizer(out)
    results = {"losses": losses(model, tokenizer, settings), "copies of words never seen": copies(model, tokenizer), "replies": replies(model, tokenizer)}
    say(f"loss {results['losses']['all']}; copies {results['copies of words never seen']} %; replies {results['replies']['names the operation']} / {results['replies']['says the title']} %")
    (state / "evaluation.json").write_text(json.dumps(results, indent=1, ensure_ascii=False), "utf-8")
    return results
