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

from . import calls, card, evaluate, export, gguf_file, packing, pretrain, probe, tokenizer, transplant
from .settings import PHASES, PUBLISHED, STATE, Settings

STAGES = ["calls", "tokenizer", "pretrain", "export", "evaluate", "probe", "card"]


def say(line: str) -> None:
    print(line, flush=True)


def phases_of(cycles: int | None, steps: int | None, seed: int | None) -> list[Settings]:
    """The phases that a run goes through: all of them, or as far as it was asked to go."""
    phases = [replace(phase, seed=phase.seed if seed is None else seed) for phase in PHASES]
    if steps is not None:
        return [replace(phase, cycles=(steps,)) for phase in phases]
    left = sum(len(phase.cycles) for phase in phases) if cycles is None else cycles
    kept = []
    for phase in phases:
        if left > 0:
            kept.append(replace(phase, cycles=phase.cycles[:left]))
        left -= len(phase.cycles)
    return kept


def run(arguments: argparse.Namespace) -> None:
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True, warn_only=True)
    phases = phases_of(arguments.cycles, arguments.steps, arguments.seed)
    # A phase's folder is named after all that decides what is in it, the phases before it among them.
    keys = [json.dumps([*(phase.as_dict() for phase in phases[:at + 1]), pretrain.precision_of(arguments.precision)]) for at in range(len(phases))]
    folders = [STATE / hashlib.sha256(key.encode()).hexdigest()[:12] for key in keys]
    for folder in folders:
        if arguments.fresh:
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
    out = Path(arguments.out).resolve() if arguments.out else PUBLISHED if phases == list(PHASES) else folders[-1] / "model"
    out.mkdir(parents=True, exist_ok=True)
    say(f"The model's folder is {out}")
    for stage in arguments.stage or STAGES:
        began = time.monotonic()
        say(f"{stage} …")
        _run(stage, phases, folders, out, arguments.precision)
        say(f"{stage}: {time.monotonic() - began:.0f} s")


def _run(stage: str, phases: list[Settings], folders: list[Path], out: Path, precision: str) -> None:
    settings, state = phases[-1], folders[-1]
    if stage == "calls":
        calls.write(say)
    elif stage == "tokenizer":
        for before, phase, folder in zip([None, *folders], phases, folders):
            if (folder / "tokenizer.json").exists():
                continue
            if phase.words == "kept":
                for file in export.TOKENIZER_FILES:
                    shutil.copy(before / file, folder)
            else:
                packing.check_render(phase, tokenizer.save(tokenizer.train(phase), folder, phase))
    elif stage == "pretrain":
        for at, folder in enumerate(folders):
            phase = _phase(phases[at], folder, None if at == 0 else folders[at - 1], pretrain.precision_of(precision))
            if not pretrain.is_done(phase) or not (folder / "model.safetensors").exists():
                say(f"phase {phases[at].mix}: {phases[at].steps:,} steps, {phases[at].processes} process{'es' if phases[at].processes > 1 else ''}")
                export.save_model(pretrain.pretrain(phase, say), folder)
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
        card.write(out, folders, phases)


def _phase(settings: Settings, folder: Path, before: Path | None, precision: str) -> pretrain.Phase:
    """The phase; it begins where the one in the folder `before` ended, as that would be published: in fp16."""
    own = export.read_tokenizer(folder)
    start = pretrain.fresh(settings, own)
    if before is not None:
        start.load_state_dict(export.read_model(before).half().float().state_dict())
        transplant.transplant(start, export.read_tokenizer(before), own)
    return pretrain.Phase(settings, own, start, folder, precision)
