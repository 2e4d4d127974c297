"""What is exported: a finished run's folder, an adapter with its base, or a model's folder, opened as one model in fp32."""
from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from .gguf_file import ExportError

GIB = 2**30


@dataclass
class Source:
    """`folder` is that of a whole model; of an adapter it is None, and `model` then the base with the adapter beside it."""

    folder: Path | None
    adapter: Path | None
    model: object
    tokenizer: object

    @property
    def stop(self) -> int:
        return stop_token(self.tokenizer)


def find(path: Path) -> tuple[Path | None, Path | None, Path | None]:
    """The whole model, the adapter and the base that a path leads to; what is not there is None."""
    for folder in (path, path / "merged", path / "artifacts" / "merged"):
        if (folder / "config.json").exists():
            return folder, None, None
    for folder in (path, path / "adapter", path / "artifacts" / "adapter"):
        if (folder / "adapter_config.json").exists():
            bases = [run / place / "model" for run in (path, path.parent, path.parent.parent) for place in (".", "sent")]
            return None, folder, next((base for base in bases if (base / "config.json").exists()), None)
    raise ExportError(f"{path} holds no config.json and no adapter_config.json, nor do merged/, adapter/ and artifacts/ in it: name a finished run's folder or a model's")


def open_source(path: Path, base: Path | None = None) -> Source:
    """@raises ExportError"""
    whole, adapter, found = find(path)
    base = base or found
    if adapter is not None and base is None:
        named = json.loads((adapter / "adapter_config.json").read_text("utf-8")).get("base_model_name_or_path")
        raise ExportError(f"{adapter} is an adapter, and its base ({named}) is not beside it: name the base's folder with --base")
    folder = whole or base
    guard_memory(folder)
    try:
        tokenizer = AutoTokenizer.from_pretrained(whole or adapter)
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="sdpa")
    except (OSError, ValueError) as error:
        raise ExportError(f"{folder} cannot be read: {str(error).splitlines()[0]}") from error
    if adapter is not None:
        from peft import PeftModel

        try:
            model = PeftModel.from_pretrained(model, adapter)
        except (RuntimeError, ValueError) as error:
            raise ExportError(f"{adapter} does not belong to {base}: {str(error).splitlines()[0]}") from error
    return Source(whole, adapter, model.eval(), tokenizer)


def guard_memory(folder: Path) -> None:
    """A model is opened in fp32: with too little memory the machine would stand still."""
    stored = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    try:
        free = next(int(line.split()[1]) * 1024 for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        return
    needed = 3 * stored
    if needed > free:
        raise ExportError(f"{folder} has {stored / GIB:.1f} GiB of weights, and opening and merging them here takes up to {needed / GIB:.1f} GiB of memory; {free / GIB:.1f} GiB are free. Export it where it was trained: on a T4 the run's exports do it, and Unsloth writes GGUF")


def stop_token(tokenizer) -> int:
    """The special token that the chat template writes behind an assistant's turn. @raises ExportError"""
    if not tokenizer.chat_template:
        raise ExportError("its tokenizer has no chat template, so nothing says how a conversation is written or what ends a turn. Put the template that it was trained with into tokenizer_config.json")
    said = "ready"
    text = tokenizer.apply_chat_template([{"role": "user", "content": "go"}, {"role": "assistant", "content": said}], tokenize=False)
    behind = tokenizer.encode(text[text.rindex(said) + len(said):], add_special_tokens=False)
    special = [token for token in behind if token in tokenizer.all_special_ids or token in tokenizer.added_tokens_decoder]
    if not special:
        raise ExportError("its chat template writes no special token behind an assistant's turn: a model trained with it does not know where to stop")
    return special[0]


def stops_of(source: Source) -> list[int]:
    """The token that ends a turn, then what else ends generation."""
    return list(dict.fromkeys([source.stop, *ends_of(source.model)]))


def ends_of(model) -> list[int]:
    """The tokens at which the model's own settings end generation; none where they name none."""
    known = model.generation_config.eos_token_id
    return known if isinstance(known, list) else [] if known is None else [known]


def merged(source: Source, path: Path) -> dict:
    """Writes the merged model and returns what the trainer says of it: bytes, and how far it is from base + adapter."""
    from trainer.export import keep_stop, merge, save_model, write
    from trainer.recipe import RecipeError

    keep_stop(source.model, source.tokenizer, source.stop)
    if source.adapter is None:
        return write(path, lambda folder: save_model(source.model, source.tokenizer, folder))
    texts = ["Add a task: call Ana by Friday.", "What is on my list?", "Move it to the 14th, please, and tell me when it is done."]
    rounds = [source.tokenizer.apply_chat_template([{"role": "user", "content": text}, {"role": "assistant", "content": "I have done that."}], tokenize=False) for text in texts]
    examples = [SimpleNamespace(input_ids=source.tokenizer.encode(text, add_special_tokens=False)) for text in rounds]
    try:
        return merge(source.model, source.tokenizer, examples, SimpleNamespace(precision="fp32", device="cpu"), path)
    except RecipeError as error:
        raise ExportError(str(error)) from error
