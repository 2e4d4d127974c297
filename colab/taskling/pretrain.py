"""Pretraining: Muon for the matrices, AdamW for the rest, on CPU processes of one thread each (or on CUDA where there is one; never tried)."""
from __future__ import annotations

import copy
import json
import os
import tempfile
import time
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


def pretrain(settings: Settings, tokenizer: PreTrainedTokenizerFast, start: LlamaForCausalLM, folder: Path, precision: str = "auto", report=print) -> LlamaForCausalLM:
    """`start` after the phase's last step. A run that was stopped goes on from its latest checkpoint, to the same weights."""
    processes = 1 if torch.cuda.is_available() else settings.processes
    precision = precision_of(precision)
    if processes == 1:
        _train(0, 1, settings, tokenizer, start, folder, precision, report)
    else:
        with tempfile.TemporaryDirectory() as meeting:
            torch.multiprocessing.spawn(_join, (processes, f"file://{meeting}/processes", settings, tokenizer, start, folder, precision, report), processes)
    start.load_state_dict(torch.load(folder / "checkpoint.pt", map_location="cpu")["model"])
    return start.eval()


def _join(rank: int, processes: int, meeting: str, settings: Settings, tokenizer: PreTrainedTokenizerFast, start: LlamaForCausalLM, *others) -> None:
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=processes)
    # What spawn hands over lies in memory that the processes share: each has to move weights of its own.
    _train(rank, processes, settings, tokenizer, copy.deepcopy(start), *others)
    torch.distributed.destroy_process_group()


def _add_up(parameters: list[torch.nn.Parameter], loss: torch.Tensor) -> float:
    """Adds the processes' gradients, in place; returns the sum of their losses."""
    together = torch.cat([*(each.grad.flatten() for each in parameters), loss.detach().reshape(1)])
    torch.distributed.all_reduce(together)
    for each, part in zip(parameters, together[:-1].split([each.numel() for each in parameters]), strict=True):
        each.grad.copy_(part.view_as(each))
    return together[-1].item()


def _train(rank: int, processes: int, settings: Settings, tokenizer: PreTrainedTokenizerFast, model: LlamaForCausalLM, folder: Path, precision: str, report) -> None:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = model.to(device)
    parameters = list(model.parameters())
    is_matrix = {name: weights.ndim == 2 and "embed" not in name for name, weights in model.named_parameters()}
    matrices = [weights for name, weights in model.named_parameters() if is_matrix[name]]
    others = [weights for name, weights in model.named_parameters() if not is_matrix[name]]
    optimizers = [torch.optim.Muon(matrices, lr=settings.matrix_rate, weight_decay=0.01, momentum=0.95, adjust_lr_fn="match_rms_adamw"),
                  torch.optim.AdamW(others, lr=settings.other_rate, betas=(0.9, 0.95), weight_decay=0.0)]
    rates = [settings.matrix_rate, settings.other_rate]
    rows, path, step, losses, spent = Rows(settings, tokenizer), folder / "checkpoint.pt", 0, [], 0.0
    say = report if rank == 0 else lambda line: None
    run = {"settings": settings.as_dict(), "precision": precision, "device": device, "torch": str(torch.__version__)}
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
            say(f"{path} is of a run with other settings and is left aside")
    began = time.monotonic() - spent
    model.train()
    while step < settings.steps:
        for optimizer, full in zip(optimizers, rates, strict=True):
            optimizer.param_groups[0]["lr"] = full * rate(step, settings)
        taken, weights = (torch.from_numpy(part).to(device) for part in rows.take(step))
        whole = weights[:, 1:].sum()
        taken, weights = taken.chunk(processes)[rank], weights.chunk(processes)[rank]
        with torch.autocast(device, dtype=torch.bfloat16, enabled=precision == "bf16"):
            hidden = model.model(input_ids=taken[:, :-1]).last_hidden_state
            logits = model.lm_head(hidden)
        each = torch.nn.functional.cross_entropy(logits.float().view(-1, settings.vocabulary), taken[:, 1:].reshape(-1), reduction="none")
        loss = (each * weights[:, 1:].reshape(-1)).sum() / whole
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
        if rank == 0 and (step % settings.checkpoint_every == 0 or step == settings.steps):
            _write({"run": run, "model": model.state_dict(), "optimizers": [o.state_dict() for o in optimizers], "step": step, "losses": losses, "seconds": time.monotonic() - began}, path)
    if rank == 0:
        (folder / "pretraining.json").write_text(json.dumps({
            **run, "seconds": round(time.monotonic() - began), "tokens": settings.steps * settings.batch, "documents": rows.digest.documents,
            "corpus_sha256": rows.digest.hexdigest(), "corpus_characters": rows.digest.characters, "characters_by_kind": rows.digest.kinds, "losses": losses,
        }), "utf-8")
