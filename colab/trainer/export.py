"""What a run leaves: the adapter, and the merged model, each with tokenizer, chat template and stop tokens."""

import gc
import shutil
from pathlib import Path

import torch

from .recipe import RecipeError

"""
By how much a merged model in fp32 may differ, computed in fp64: probabilities, and log-probabilities beside as much of their own
size. Computed in fp32, as it runs, the order of the sums differs too, and probabilities may differ by ten times as much.
"""
LIMIT = 1e-5
"""Rows that a merged model is compared on."""
COMPARED = 8


def export_all(recipe, plan, trainer, tokenizer, examples, stop, folder):
    """Writes the recipe's exports into `folder`; returns what run.json says of each."""
    made = {}
    model = trainer.accelerator.unwrap_model(trainer.model)
    keep_stop(model, tokenizer, stop)
    if "adapter" in recipe.exports:
        made["adapter"] = write(folder / "adapter", lambda path: (model.save_pretrained(path), tokenizer.save_pretrained(path, save_jinja_files=False)))
    if "merged" not in recipe.exports:
        return made
    if recipe.method == "full":
        made["merged"] = write(folder / "merged", lambda path: save_model(model, tokenizer, path))
    elif plan.backend == "unsloth":
        from .unsloth_model import save_merged

        made["merged"] = write(folder / "merged", lambda path: save_merged(model, tokenizer, path))
    else:
        made["merged"] = merge(model, tokenizer, examples[:COMPARED], plan, folder / "merged")
    return made


def keep_stop(model, tokenizer, stop):
    """The token that ends a turn ends generation too. A base's own settings may not know it: a model without it never stops."""
    settings = model.generation_config
    known = settings.eos_token_id if isinstance(settings.eos_token_id, list) else [settings.eos_token_id]
    settings.eos_token_id = list(dict.fromkeys([stop, *(token for token in known if token is not None)]))
    if len(settings.eos_token_id) == 1:
        settings.eos_token_id = stop
    settings.pad_token_id = tokenizer.pad_token_id


def write(path, save):
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    save(path)
    return {"bytes": sum(file.stat().st_size for file in path.rglob("*") if file.is_file())}


def save_model(model, tokenizer, path):
    model.save_pretrained(path)
    # transformers.js reads no chat_template.jinja: the template goes into tokenizer_config.json.
    tokenizer.save_pretrained(path, save_jinja_files=False)


def merge(model, tokenizer, examples, plan, path):
    """Adds the adapter to the base's weights, and holds what was written against base + adapter."""
    exact = plan.precision == "fp32"
    as_run = log_probabilities(model, examples, plan.device)
    if exact:
        # In fp64 the sum is rounded once, and the comparison shows what merging lost and not in which order fp32 adds.
        model = model.double()
    before = log_probabilities(model, examples, plan.device)
    merged = model.merge_and_unload(safe_merge=True)
    if exact:
        merged = merged.float()
    made = write(path, lambda path: save_model(merged, tokenizer, path))
    del merged
    gc.collect()
    from transformers import AutoModelForCausalLM

    again = AutoModelForCausalLM.from_pretrained(path, dtype="auto", attn_implementation="sdpa").to(plan.device)
    after_run = log_probabilities(again, examples, plan.device)
    after = log_probabilities(again.double() if exact else again, examples, plan.device)
    made |= {
        "compared_rows": len(examples), "largest_difference": largest(before, after), "largest_difference_as_run": largest(as_run, after_run),
        "largest_probability_difference": largest(exp(before), exp(after)), "largest_probability_difference_as_run": largest(exp(as_run), exp(after_run)),
    }
    same = all(torch.allclose(one, other, rtol=LIMIT, atol=LIMIT) for one, other in zip(before, after))
    if exact and not (same and made["largest_probability_difference"] <= LIMIT and made["largest_probability_difference_as_run"] <= 10 * LIMIT):
        raise RecipeError(
            f"exports: the merged model differs from base + adapter by up to {made['largest_probability_difference']:.1e} in a token's probability "
            f"({made['largest_probability_difference_as_run']:.1e} as it runs) and {made['largest_difference']:.1e} in its logarithm: something is lost in merging"
        )
    return made


@torch.inference_mode()
def log_probabilities(model, examples, device):
    """Of every token of the vocabulary at every place of these rows."""
    model.eval()
    rows = [torch.tensor([example.input_ids], device=device) for example in examples]
    return [model(input_ids=row, use_cache=False).logits.double().log_softmax(-1).cpu() for row in rows]


def exp(rows):
    return [row.exp() for row in rows]


def largest(some, others):
    return max(float((one - other).abs().max()) for one, other in zip(some, others))
