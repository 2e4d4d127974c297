"""Pretraining: Muon for the matrices, AdamW for the rest, on CPU processes of one thread each (or on CUDA where there is one; never tried)."""
from __future__ import annotations

import copy
import hashlib
import json
import multiprocessing
import os
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import torch.distributed
import torch.multiprocessing
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from .packing import Rows
from .settings import Settings


def config(settings: Settings, tokenizer: PreTrainedTokenizerFast) -> LlamaConfig:
    return LlamaConfig(
        vocab_size=settings.vocabulary, hidden_size=settings.hidden, num_hidden_layers=settings.layers, num_attention_heads=settings.heads,
        num_key_value_heads=settings.key_value_heads, intermediate_size=settings.intermediate, max_position_embeddings=settings.context,
        rope_parameters={"rope_type": "default", "rope_theta": settings.rope_theta}, tie_word_embeddings=True, rms_norm_eps=1e-5, hidden_act="silu",
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id, attn_implementation="sdpa",
    )


def precision_of(asked: str) -> str:
    """`auto`: bf16 where the processor multiplies it (twice as fast), else fp32. The two give models that are alike, not the same."""
    if asked != "auto":
        return asked
    if torch.cuda.is_available():
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    return "bf16" if torch.cpu._is_avx512_bf16_supported() else "fp32"


def rate(step: int, settings: Settings) -> float:
    """The share of the learning rate at a step."""
    step, steps = settings.within(step)
    if step < settings.warmup:
        return (step + 1) / settings.warmup
    start = settings.decay_from * steps
    return 1.0 if step < start else max(0.01, 1 - (step - start) / (steps - start))


def _write(state: dict, path: Path) -> None:
    """As a whole or not at all."""
    torch.save(state, path.with_suffix(".part"))
    os.replace(path.with_suffix(".part"), path)


def fresh(settings: Settings, tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    """The model before its first step."""
    torch.manual_seed(settings.seed)
    model = LlamaForCausalLM(config(settings, tokenizer))
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if name.endswith(("o_proj.weight", "down_proj.weight")):
                weights.mul_((2 * settings.layers) ** -0.5)
    return model


@dataclass(frozen=True)
class Phase:
    """One phase's run: what it trains, from which weights, and where its checkpoints lie."""
    settings: Settings
    tokenizer: PreTrainedTokenizerFast
    start: LlamaForCausalLM
    folder: Path
    precision: str

    def identity(self) -> dict:
        """All that decides what comes out; a checkpoint of another run is not gone on from."""
        weights = hashlib.sha256(self.tokenizer.backend_tokenizer.to_str().encode())
        for name, values in sorted(self.start.state_dict().items()):
            weights.update(name.encode() + values.detach().cpu().numpy().tobytes())
        identity = {"settings": self.settings.as_dict(), "precision": self.precision, "device": _device(), "torch": str(torch.__version__), "start": weights.hexdigest()}
        return json.loads(json.dumps(identity))  # as it is read again


def _device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


def is_done(phase: Phase) -> bool:
    path = phase.folder / "pretraining.json"
    return path.exists() and json.loads(path.read_text("utf-8"))["run"] == phase.identity()


def pretrain(phase: Phase, report=print) -> LlamaForCausalLM:
    """
    The phase's weights after its last step. A run that was stopped goes on from its latest checkpoint, to the same weights.

    @raises RuntimeError where the processes ended before the last step
    """
    processes = 1 if torch.cuda.is_available() else phase.settings.processes
    identity = phase.identity()
    if processes == 1:
        _train(0, 1, phase, identity, report)
    else:
        with tempfile.TemporaryDirectory() as meeting:
            torch.multiprocessing.spawn(_join, (processes, f"file://{meeting}/processes", phase, identity, report), processes)
    saved = torch.load(phase.folder / "checkpoint.pt", map_location="cpu")
    if saved["run"] != identity or saved["step"] != phase.settings.steps:
        raise RuntimeError(f"the pretraining ended at step {saved['step']} of {phase.settings.steps}: start it again, and it goes on from there")
    phase.start.load_state_dict(saved["model"])
    return phase.start.eval()


def _join(rank: int, processes: int, meeting: str, phase: Phase, identity: dict, report) -> None:
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=processes)
    # What spawn hands over lies in memory that the processes share: each has to move weights of its own.
    _train(rank, processes, replace(phase, start=copy.deepcopy(phase.start)), identity, report)
    torch.distributed.destroy_process_group()


def _add_up(parameters: list[torch.nn.Parameter], loss: torch.Tensor) -> float:
    """Adds the processes' gradients, in place; returns the sum of their losses."""
    together = torch.cat([*(each.grad.flatten() for each in parameters), loss.detach().reshape(1)])
    torch.distributed.all_reduce(together)
    for each, part in zip(parameters, together[:-1].split([each.numel() for each in parameters]), strict=True):
        each.grad.copy_(part.view_as(each))
    return together[-1].item()


def _compare_processes(parameters: list[torch.nn.Parameter]) -> None:
    """@raises RuntimeError where the processes no longer have the same weights, or the one that started them is gone"""
    if not multiprocessing.parent_process().is_alive():
        raise RuntimeError("the process that started this one has ended")
    mine = torch.stack([each.detach().double().sum() for each in parameters])
    highest, lowest = mine.clone(), mine.clone()
    torch.distributed.all_reduce(highest, torch.distributed.ReduceOp.MAX)
    torch.distributed.all_reduce(lowest, torch.distributed.ReduceOp.MIN)
    if not torch.equal(highest, lowest):
        raise RuntimeError("the processes have come apart: their weights are no longer the same")


def _train(rank: int, processes: int, phase: Phase, run: dict, report) -> None:
    settings, device = phase.settings, _device()
    model = phase.start.to(device)
    parameters = list(model.parameters())
    is_matrix = {name: weights.ndim == 2 and "embed" not in name for name, weights in model.named_parameters()}
    matrices = [weights for name, weights in model.named_parameters() if is_matrix[name]]
    others = [weights for name, weights in model.named_parameters() if not is_matrix[name]]
    optimizers = [torch.optim.Muon(matrices, lr=settings.matrix_rate, weight_decay=0.01, momentum=0.95, adjust_lr_fn="match_rms_adamw"),
                  torch.optim.AdamW(others, lr=settings.other_rate, betas=(0.9, 0.95), weight_decay=0.0)]
    rates = [settings.matrix_rate, settings.other_rate]
    rows, path, step, losses, spent = Rows(settings, phase.tokenizer), phase.folder / "checkpoint.pt", 0, [], 0.0
    say = report if rank == 0 else lambda line: None
    if path.exists():
        saved = torch.load(path, map_location=device)
        if saved["run"] == run:
            model.load_state_dict(saved["model"])
            for optimizer, held in zip(optimizers, saved["optimizers"], strict=True):
                optimizer.load_state_dict(held)
            step, losses, spent = saved["step"], saved["losses"], saved["seconds"]
            say(f"going on from step {step}: taking its rows again")
            for taken in range(step):
                rows.take(taken)
        else:
            say(f"{path} is of a run with other settings or other first weights and is left aside")
    began = time.monotonic() - spent
    model.train()
    while step < settings.steps:
        for optimizer, full in zip(optimizers, rates, strict=True):
            optimizer.param_groups[0]["lr"] = full * rate(step, settings)
        taken, weights = (torch.from_numpy(part).to(device) for part in rows.take(step))
        whole = weights[:, 1:].sum()
        taken, weights = taken.chunk(processes)[rank], weights.chunk(processes)[rank]
        with torch.autocast(device, dtype=torch.bfloat16, enabled=phase.precision == "bf16"):
            hidden = model.model(input_ids=taken[:, :-1]).last_hidden_state
            counted = weights[:, 1:] > 0
            logits = model.lm_head(hidden[counted])
        each = torch.nn.functional.cross_entropy(logits.float(), taken[:, 1:][counted], reduction="none")
        loss = (each * weights[:, 1:][counted]).sum() / whole
        loss.backward()
        lost = loss.item() if processes == 1 else _add_up(parameters, loss)
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        step += 1
        losses.append(round(lost, 5))
        if step % 50 == 0 or step == settings.steps:
            seconds = time.monotonic() - began
            tokens = step * settings.batch
            say(f"step {step}/{settings.steps}, loss {sum(losses[-50:]) / len(losses[-50:]):.3f}, {tokens / 1e6:.1f}M tokens, {tokens / seconds:,.0f} tokens/s, {seconds / 60:.1f} min, {seconds / step * (settings.steps - step) / 60:.1f} min left")
        if step % settings.checkpoint_every == 0 or step == settings.steps:
            if processes > 1:
                _compare_processes(parameters)
            if rank == 0:
                _write({"run": run, "model": model.state_dict(), "optimizers": [o.state_dict() for o in optimizers], "step": step, "losses": losses, "seconds": time.monotonic() - began}, path)
    if rank == 0:
        (phase.folder / "pretraining.json").write_text(json.dumps({
            "run": run, "seconds": round(time.monotonic() - began), "tokens": settings.steps * settings.batch, "documents": rows.digest.documents,
            "corpus_sha256": rows.digest.hexdigest(), "corpus_characters": rows.digest.characters, "characters_by_kind": rows.digest.kinds, "losses": losses,
        }), "utf-8")
