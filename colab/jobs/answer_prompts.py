"""Lets a model answer prompts, many at a time and greedily.

    python -m jobs.answer_prompts recipe.json

The recipe (lib writes it; the same fields are checked here):

    model           a Hub id, or a folder beside the recipe
    adapter         a folder with a PEFT adapter, which is merged into the model first; or null
    max_new_tokens  the most tokens of an answer
    batch           prompts that are answered together
    timed           how many of the prompts are answered again one by one, for their latencies

The prompts are in prompts.jsonl: {"messages": […], "tools"?: […]}. Leaves artifacts/answers.json.
"""

import json
import os
import sys
import time
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from runtime.metrics import Metrics, out_of_memory

FIELDS = {"model": str, "adapter": (str, type(None)), "max_new_tokens": int, "batch": int, "timed": int}


def read_recipe(path):
    recipe = json.loads(Path(path).read_text(encoding="utf8"))
    for name, kind in FIELDS.items():
        if not isinstance(recipe.get(name), kind) or isinstance(recipe.get(name), bool):
            sys.exit(f"{path}: {name} is {recipe.get(name)!r}, which it cannot be")
    return recipe


def load(recipe):
    device = "cuda" if torch.cuda.is_available() else "cpu"
    # As the trainer: small matrices gain nothing from more threads, and beside another run they lose much.
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS") or 1))
    model = AutoModelForCausalLM.from_pretrained(recipe["model"], dtype=torch.float32 if device == "cpu" else torch.float16, device_map=device)
    if recipe["adapter"] is not None:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, recipe["adapter"]).merge_and_unload()
    return model.eval(), AutoTokenizer.from_pretrained(recipe["model"]), device


def encode(tokenizer, prompt):
    text = tokenizer.apply_chat_template(prompt["messages"], tools=prompt.get("tools"), tokenize=False, add_generation_prompt=True)
    return tokenizer.encode(text, add_special_tokens=False)


@torch.inference_mode()
def answer(model, tokenizer, device, rows, limit):
    """Texts and tokens of the answers. Prompts of unlike length are padded on the left, so that each answer begins at one place."""
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
    width = max(map(len, rows))
    ids = torch.tensor([[pad] * (width - len(row)) + row for row in rows], device=device)
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows], device=device)
    made = model.generate(input_ids=ids, attention_mask=mask, max_new_tokens=limit, do_sample=False, pad_token_id=pad)[:, width:].tolist()
    ends = model.generation_config.eos_token_id
    ends = set(ends if isinstance(ends, list) else [ends])
    cut = [tokens[: next((at + 1 for at, token in enumerate(tokens) if token in ends), len(tokens))] for tokens in made]
    return [tokenizer.decode(tokens, skip_special_tokens=True) for tokens in cut], sum(map(len, cut))


def answer_all(model, tokenizer, device, rows, limit, batch, report=lambda done, tokens: None):
    """Texts of the answers in the order of the rows, and how many tokens they have. Rows of like length go together: less padding."""
    order = sorted(range(len(rows)), key=lambda at: len(rows[at]))
    answers, tokens = [""] * len(rows), 0
    for start in range(0, len(order), batch):
        part = order[start : start + batch]
        texts, count = answer(model, tokenizer, device, [rows[at] for at in part], limit)
        for at, text in zip(part, texts):
            answers[at] = text
        tokens += count
        report(start + len(part), tokens)
    return answers, tokens


def main(path):
    recipe = read_recipe(path)
    prompts = [json.loads(line) for line in Path("prompts.jsonl").read_text(encoding="utf8").split("\n") if line.strip()]
    metrics = Metrics()
    model, tokenizer, device = load(recipe)
    rows = [encode(tokenizer, prompt) for prompt in prompts]
    began = time.perf_counter()
    try:
        answers, tokens = answer_all(
            model, tokenizer, device, rows, recipe["max_new_tokens"], recipe["batch"],
            lambda done, made: metrics.log(step=done, steps=len(rows), tokens_per_second=made / (time.perf_counter() - began)),
        )
        seconds = time.perf_counter() - began
        latencies = []
        for row in rows[: recipe["timed"]]:
            began = time.perf_counter()
            answer(model, tokenizer, device, [row], recipe["max_new_tokens"])
            latencies.append(time.perf_counter() - began)
    except torch.OutOfMemoryError as error:
        out_of_memory(error)
    result = {"device": torch.cuda.get_device_name(0) if device == "cuda" else "cpu", "answers": answers, "tokens": tokens, "seconds": seconds, "latencies": latencies}
    Path("artifacts/answers.json").write_text(json.dumps(result, ensure_ascii=False, indent=1), encoding="utf8")
    print(f"{len(answers)} answers, {tokens} tokens on {result['device']}")


if __name__ == "__main__":
    main(sys.argv[1])
