"""Loads a model, lets it answer, and measures what that takes: memory, time to the first token, tokens a second.

    python -m jobs.measure_inference recipe.json

The recipe (lib checks it before it is sent; the same fields are checked here):

    model          a Hub id, or a folder beside the recipe
    storage        "nf4" (bitsandbytes, needs CUDA), "fp16" or "fp32"
    prompts        texts of users; each is answered once, greedily, and the answers are kept
    lengths        prompt lengths to time, in tokens
    batches        batch sizes to time at the middle one of the lengths
    new_tokens     tokens of each timed answer
    repeats        timings of each point; the median is kept, after one that is thrown away

Leaves artifacts/result.json. On a card without bf16, such as a T4, arithmetic is fp16.
"""

import json
import statistics
import sys
import time
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig

from runtime.metrics import Metrics, out_of_memory, peak_memory

FIELDS = {"model": str, "storage": str, "prompts": list, "lengths": list, "batches": list, "new_tokens": int, "repeats": int}


def read_recipe(path):
    recipe = json.loads(Path(path).read_text(encoding="utf8"))
    for name, kind in FIELDS.items():
        if not isinstance(recipe.get(name), kind):
            sys.exit(f"{path}: {name} is {recipe.get(name)!r}; it must be a {kind.__name__}")
    if recipe["storage"] not in ("nf4", "fp16", "fp32"):
        sys.exit(f"{path}: storage is {recipe['storage']!r}; it is nf4, fp16 or fp32")
    if recipe["storage"] == "nf4" and not torch.cuda.is_available():
        sys.exit(f"{path}: storage nf4 needs a CUDA card, and this machine has none; take fp32")
    return recipe


def load(recipe):
    """The model on the accelerator if there is one, its tokenizer, and the seconds that took."""
    began = time.perf_counter()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    settings = {"dtype": torch.float32 if recipe["storage"] == "fp32" else torch.float16, "device_map": device}
    if recipe["storage"] == "nf4":
        settings["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=torch.float16
        )
    model = AutoModelForCausalLM.from_pretrained(recipe["model"], **settings).eval()
    tokenizer = AutoTokenizer.from_pretrained(recipe["model"])
    return model, tokenizer, device, time.perf_counter() - began


def wait(device):
    """A GPU works behind the program's back; a clock may be read only when it has caught up."""
    if device == "cuda":
        torch.cuda.synchronize()


@torch.inference_mode()
def time_once(model, device, ids, new_tokens):
    """Reads the prompts, then writes token by token. Gives seconds to the first token, seconds a token after it, cache bytes."""
    wait(device)
    began = time.perf_counter()
    out = model(input_ids=ids, use_cache=True, logits_to_keep=1)
    token = out.logits[:, -1].argmax(-1, keepdim=True)
    wait(device)
    first = time.perf_counter() - began
    began = time.perf_counter()
    for _ in range(new_tokens - 1):
        out = model(input_ids=token, past_key_values=out.past_key_values, use_cache=True)
        token = out.logits[:, -1].argmax(-1, keepdim=True)
    wait(device)
    return first, (time.perf_counter() - began) / (new_tokens - 1), cache_bytes(out.past_key_values)


def cache_bytes(cache):
    return sum(tensor.numel() * tensor.element_size() for layer in cache.layers for tensor in (layer.keys, layer.values))


def measure(model, device, vocab, length, batch, recipe):
    """The medians of one point. The prompt is random tokens: its content does not change the work."""
    ids = torch.randint(10, vocab, (batch, length), generator=torch.Generator().manual_seed(length * 1000 + batch)).to(device)
    runs = [time_once(model, device, ids, recipe["new_tokens"]) for _ in range(recipe["repeats"] + 1)][1:]
    first, each = statistics.median(run[0] for run in runs), statistics.median(run[1] for run in runs)
    return {
        "length": length, "batch": batch, "first_token_seconds": first, "token_seconds": each,
        "prefill_tokens_per_second": batch * length / first, "decode_tokens_per_second": batch / each,
        "cache_bytes": runs[-1][2], "cached_tokens": length + recipe["new_tokens"] - 1,
    }


@torch.inference_mode()
def answer(model, tokenizer, device, prompt, new_tokens):
    inputs = tokenizer.apply_chat_template(
        [{"role": "user", "content": prompt}], add_generation_prompt=True, return_tensors="pt", return_dict=True
    ).to(device)
    began = time.perf_counter()
    written = model.generate(**inputs, max_new_tokens=new_tokens, do_sample=False)[0, inputs["input_ids"].shape[1]:]
    wait(device)
    seconds = time.perf_counter() - began
    return {
        "prompt": prompt, "prompt_tokens": inputs["input_ids"].shape[1], "answer": tokenizer.decode(written, skip_special_tokens=True),
        "answer_tokens": len(written), "seconds": seconds,
    }


def main(path):
    recipe = read_recipe(path)
    metrics = Metrics()
    before = peak_memory()
    model, tokenizer, device, load_seconds = load(recipe)
    weights = sum(tensor.numel() * tensor.element_size() for tensor in [*model.parameters(), *model.buffers()])
    loaded = peak_memory()
    vocab = model.config.get_text_config().vocab_size
    middle = sorted(recipe["lengths"])[len(recipe["lengths"]) // 2]
    points = list(dict.fromkeys([(length, 1) for length in recipe["lengths"]] + [(middle, batch) for batch in recipe["batches"]]))
    steps = len(recipe["prompts"]) + len(points)
    answers, timings = [], []
    try:
        for prompt in recipe["prompts"]:
            answers.append(answer(model, tokenizer, device, prompt, recipe["new_tokens"]))
            metrics.log(step=len(answers), steps=steps, tokens_per_second=answers[-1]["answer_tokens"] / answers[-1]["seconds"])
        for length, batch in points:
            timings.append(measure(model, device, vocab, length, batch, recipe))
            metrics.log(
                step=len(answers) + len(timings), steps=steps, length=length, batch=batch,
                tokens_per_second=timings[-1]["decode_tokens_per_second"],
            )
    except torch.OutOfMemoryError as error:
        out_of_memory(error)
    result = {
        "device": torch.cuda.get_device_name(0) if device == "cuda" else "cpu", "threads": torch.get_num_threads(),
        "torch": torch.__version__, "load_seconds": load_seconds, "weights_bytes": weights,
        "memory_before_bytes": before, "memory_loaded_bytes": loaded, "memory_peak_bytes": peak_memory(),
        "answers": answers, "timings": timings,
    }
    Path("artifacts/result.json").write_text(json.dumps(result, indent=2), encoding="utf8")
    print(f"{len(answers)} answers, {len(timings)} points on {result['device']}")


if __name__ == "__main__":
    main(sys.argv[1])
