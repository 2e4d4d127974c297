"""
A model that answers, with transformers: `python -m exports.chat FOLDER [BASE]`. Each line on stdin is one request as JSON, {"messages" or "raw", "tools",
"limit"}; the answer comes as lines {"text"} and ends with {"done"}. The first line says what was loaded.

It stops where the model's own generation_config.json says, as `generate` does: a folder that lost its stop token runs on.
"""
from __future__ import annotations

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import torch

from .gguf_file import ExportError
from .source import ends_of, open_source


def say(value: dict) -> None:
    # ASCII: who reads lines may take U+2028 for the end of one.
    print(json.dumps(value), flush=True)


@torch.inference_mode()
def answer(model, tokenizer, request: dict, stops: set[int]) -> None:
    text = request.get("raw")
    if text is None:
        text = tokenizer.apply_chat_template(request["messages"], tools=request.get("tools"), tokenize=False, add_generation_prompt=True)
    tokens = tokenizer.encode(text, add_special_tokens=False)
    room = model.config.max_position_embeddings - len(tokens)
    if room < 1:
        return say({"error": "the conversation is too long", "too_long": [len(tokens), model.config.max_position_embeddings]})
    inputs, cache, made, shown, stopped = torch.tensor([tokens]), None, [], "", False
    while len(made) < min(request.get("limit", 200), room):
        out = model(input_ids=inputs, past_key_values=cache, use_cache=True)
        cache, token = out.past_key_values, int(out.logits[0, -1].argmax())
        made.append(token)
        if token in stops:
            stopped = True
            break
        inputs = torch.tensor([[token]])
        # A letter of several bytes is shown when it is whole; special tokens are shown, for they belong to no answer.
        whole = tokenizer.decode(made, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        if not whole.endswith("\ufffd") and whole != shown:
            say({"text": whole[len(shown):]})
            shown = whole
    words = tokenizer.decode(made[:-1] if stopped else made, skip_special_tokens=False, clean_up_tokenization_spaces=False)
    say({"done": {"prompt": text, "text": words, "asked": len(tokens), "tokens": made, "stopped": stopped}})


def main(folder: Path, base: Path | None) -> None:
    from transformers.utils.logging import disable_progress_bar, set_verbosity_error

    set_verbosity_error()
    disable_progress_bar()
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    source = open_source(folder, base)
    model, tokenizer = source.model, source.tokenizer
    stops = set(ends_of(model)) or {tokenizer.eos_token_id}
    say({"ready": {"template": tokenizer.chat_template, "stops": [tokenizer.convert_ids_to_tokens(stop) for stop in sorted(stops)], "context": model.config.max_position_embeddings}})
    for line in sys.stdin:
        if line.strip():
            try:
                answer(model, tokenizer, json.loads(line), stops)
            except (ExportError, ValueError) as error:
                say({"error": str(error)})


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
    except ExportError as error:
        sys.exit(str(error))
