"""What a recipe becomes on this machine, without a step of training: `python -m trainer.setup recipe.json`, in the job's folder.

Loads base and adapters, reads the data, and leaves artifacts/setup.json: machine, plan, parameters by module, bytes, TRL's
arguments, the lengths of all rows, and the first rows token by token with what has a loss.
"""

import dataclasses
import json
import os
import re
import sys
from pathlib import Path

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")

from .machine import decide, look, set_threads
from .recipe import RecipeError, read_recipe

ROWS_SHOWN = 3


def main(path):
    recipe = read_recipe(path)
    job = Path(os.environ.get("LLMOPS_JOB") or ".").resolve()
    machine = look()
    plan = decide(recipe, machine)
    if plan.backend == "unsloth":
        from . import unsloth_model  # noqa: F401  before all that it patches
    from transformers.utils.logging import disable_progress_bar, set_verbosity_error

    set_verbosity_error()
    disable_progress_bar()
    report = describe(recipe, job, machine, plan, set_threads())
    target = job / "artifacts" / "setup.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_suffix(".new")
    fresh.write_text(json.dumps(report, allow_nan=False) + "\n", encoding="utf8")
    os.replace(fresh, target)
    counted = report["parameters"]
    print(f"{counted['trainable']:,} of {counted['total']:,} parameters would train, on {machine.name if machine.cuda else 'the CPU'} in {plan.precision}", flush=True)


def describe(recipe, job, machine, plan, threads):
    from . import model as models
    from .data import Encoder, read_dataset
    from .record import describe_base, describe_machine, describe_plan

    tokenizer = models.read_tokenizer(recipe)
    encoder = Encoder(tokenizer, recipe.completion_only)
    train = read_dataset(recipe.data.train, encoder, recipe.max_length)
    held_out = read_dataset(recipe.data.eval, encoder, recipe.max_length) if recipe.data.eval else None
    if plan.backend == "unsloth":
        from . import unsloth_model

        model, loaded = unsloth_model.load(recipe, plan)
        tokenizer = models.with_template(loaded, recipe)
    else:
        model = models.load(recipe, plan)
    if plan.precision != "bf16":
        models.widen_adapters(model)
    return {
        "version": 1, "machine": describe_machine(machine, plan, threads), "plan": describe_plan(plan), "base": describe_base(recipe),
        "stop_token": tokenizer.convert_ids_to_tokens(train.examples[0].stop),
        "parameters": models.count(model), "modules": trained_modules(model), "weights_bytes": bytes_of(model),
        "arguments": describe_arguments(recipe, plan, job),
        "data": {"train": train.report, "eval": held_out.report if held_out else None},
        "lengths": [len(example.input_ids) for example in train.examples],
        "rows": [show_row(tokenizer, example) for example in train.examples[:ROWS_SHOWN]],
    }


def trained_modules(model):
    """What trains, by the name of its module: how many tensors and numbers, and in what type."""
    found = {}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        module = re.sub(r"\.(lora_\w+|base_layer|default|weight|bias)\b", "", name).rsplit(".", 1)[-1]
        held = found.setdefault(module, {"module": module, "tensors": 0, "parameters": 0, "dtype": str(parameter.dtype).removeprefix("torch.")})
        held["tensors"] += 1
        held["parameters"] += parameter.numel()
    return list(found.values())


def bytes_of(model):
    """All tensors that are loaded, each once: tied ones are one."""
    tensors = {tensor.data_ptr(): tensor.numel() * tensor.element_size() for tensor in [*model.parameters(), *model.buffers()]}
    return sum(tensors.values())


def describe_arguments(recipe, plan, job):
    """What the recipe became in TRL's words, beside what TRL takes where nobody says anything."""
    from .training import arguments

    settings = arguments(recipe, plan, job / "checkpoints")
    found = {}
    for field in dataclasses.fields(settings):
        value, default = plain(getattr(settings, field.name)), plain(field.default)
        if is_plain(value) and is_plain(default) and not field.name.endswith("_dir"):
            found[field.name] = {"value": value, "default": default}
    return found


def plain(value):
    """An enumeration by its value."""
    return getattr(value, "value", value)


def is_plain(value):
    return isinstance(value, (str, int, float, bool, type(None)))


def show_row(tokenizer, example):
    """A row as its tokens: text, id, and whether it has a loss."""
    from .data import IGNORED

    return [
        {"text": tokenizer.decode([token], clean_up_tokenization_spaces=False), "id": token, "loss": label != IGNORED}
        for token, label in zip(example.input_ids, example.labels)
    ]


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m trainer.setup recipe.json")
    try:
        main(sys.argv[1])
    except RecipeError as error:
        sys.exit(f"{sys.argv[1]}: {error}")
