"""The stages, in their order; what one has finished is not done again."""
from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import time
from dataclasses import replace
from pathlib import Path

import torch

from . import calls, card, evaluate, export, gguf_file, packing, pretrain, probe, tokenizer
from .settings import MODEL, STATE, Settings

STAGES = ["calls", "tokenizer", "pretrain", "export", "evaluate", "probe", "card"]


def say(line: str) -> None:
    print(line, flush=True)


def run(arguments: argparse.Namespace) -> None:
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True, warn_only=True)
    settings = Settings()
    if arguments.seed is not None:
        settings = replace(settings, seed=arguments.seed)
    if arguments.steps is not None:
        settings = replace(settings, cycles=(arguments.steps,))
    elif arguments.cycles is not None:
        settings = replace(settings, cycles=settings.cycles[:arguments.cycles])
    out = Path(arguments.out).resolve() if arguments.out else MODEL
    key = hashlib.sha256(json.dumps([settings.as_dict(), pretrain.precision_of(arguments.precision)]).encode()).hexdigest()[:12]
    state = STATE / key
    if arguments.fresh:
        shutil.rmtree(state, ignore_errors=True)
    state.mkdir(parents=True, exist_ok=True)
    out.mkdir(parents=True, exist_ok=True)
    for stage in arguments.stage or STAGES:
        began = time.monotonic()
        say(f"{stage} …")
        _run(stage, settings, state, out, arguments.precision)
        say(f"{stage}: {time.monotonic() - began:.0f} s")


def _run(stage: str, settings: Settings, state: Path, out: Path, precision: str) -> None:
    if stage == "calls":
        calls.write(say)
    elif stage == "tokenizer":
        if not (state / "tokenizer.json").exists():
            packing.check_render(settings, tokenizer.save(tokenizer.train(settings), state, settings))
    elif stage == "pretrain":
        if not (state / "model.safetensors").exists():
            made = pretrain.pretrain(settings, export.read_tokenizer(state), state, precision, say)
            export.save_model(made, state)
    elif stage == "export":
        export.publish(state, out)
        export.write_onnx(out, say)
        gguf_file.write_all(out, say)
    elif stage == "evaluate":
        if not (state / "evaluation.json").exists():
            evaluate.evaluate(out, settings, state, say)
    elif stage == "probe":
        probe.probe(out, state, say)
    elif stage == "card":
        card.write(out, state, settings)
