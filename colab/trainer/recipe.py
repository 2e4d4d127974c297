"""The recipe of a run: every field, and what it may be. Nothing of it has a default here; lib/src/train fills them in.

The same rules stand in lib/src/train/recipe.ts. They are checked again because a recipe can come by other ways.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

LINEARS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
ADAPTER_FIELDS = ("rank", "alpha", "targets", "dropout", "rslora")


class RecipeError(Exception):
    """A recipe, or data, that cannot be trained with: one sentence that names the field or the line, and the remedy."""


@dataclass(frozen=True)
class Data:
    train: str
    eval: str | None


@dataclass(frozen=True)
class Checkpoints:
    every: int
    keep: int


@dataclass(frozen=True)
class EarlyStop:
    patience: int
    min_delta: float


@dataclass(frozen=True)
class Recipe:
    version: int
    base: str
    chat_template: str | None
    data: Data
    backend: str
    method: str
    rank: int | None
    alpha: float | None
    targets: list | None
    dropout: float | None
    rslora: bool | None
    quantisation: str
    fallback: str
    precision: str
    max_length: int
    packing: bool
    group_by_length: bool
    completion_only: bool
    epochs: float | None
    steps: int | None
    batch: int
    accumulation: int
    optimizer: str
    learning_rate: float
    schedule: str
    warmup: float
    weight_decay: float
    max_grad_norm: float
    gradient_checkpointing: str
    evaluate_every: int | None
    checkpoints: Checkpoints
    early_stop: EarlyStop | None
    seed: int
    exports: list


# --- what a field may be: a test and the words for it ----------------------------------------------------------------


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == value and abs(value) != float("inf")


def whole(least, most=2**53):
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and least <= value <= most, f"a whole number from {least}"


def number(least, below=None, above=False):
    words = f"a number {'above' if above else 'from'} {least}" + (f" and below {below}" if below is not None else "")
    return lambda value: is_number(value) and (value > least if above else value >= least) and (below is None or value < below), words


def one_of(*names):
    return lambda value: isinstance(value, str) and value in names, "one of " + ", ".join(names)


def nothing_or(kind):
    test, words = kind
    return lambda value: value is None or test(value), f"{words}, or null"


def list_of(names, least):
    def test(value):
        return isinstance(value, list) and len(value) >= least and len(set(map(str, value))) == len(value) and all(item in names for item in value)

    return test, f"a list of {', '.join(names)}, each once"


TEXT = (lambda value: isinstance(value, str) and value != "", "a text that is not empty")
INSIDE = (lambda value: isinstance(value, str) and value != "" and not value.startswith("/") and ".." not in value.split("/"), "the path of a file beside the recipe")
BOOLEAN = (lambda value: isinstance(value, bool), "true or false")

FIELDS = {
    "version": (lambda value: value == 1 and not isinstance(value, bool), "1"),
    "base": TEXT,
    "chatTemplate": nothing_or(INSIDE),
    "data": {"train": INSIDE, "eval": nothing_or(INSIDE)},
    "backend": one_of("auto", "trl", "unsloth"),
    "method": one_of("lora", "dora", "qlora", "full"),
    "rank": nothing_or(whole(1, 16_384)),
    "alpha": nothing_or(number(0, above=True)),
    "targets": nothing_or(list_of(LINEARS, 1)),
    "dropout": nothing_or(number(0, below=1)),
    "rslora": nothing_or(BOOLEAN),
    "quantisation": one_of("none", "nf4"),
    "fallback": one_of("refuse", "fp32"),
    "precision": one_of("auto", "fp32", "fp16", "bf16"),
    "maxLength": whole(8),
    "packing": BOOLEAN,
    "groupByLength": BOOLEAN,
    "completionOnly": BOOLEAN,
    "epochs": nothing_or(number(0, above=True)),
    "steps": nothing_or(whole(1)),
    "batch": whole(1),
    "accumulation": whole(1),
    "optimizer": one_of("adamw", "adamw-8bit", "paged-adamw-8bit"),
    "learningRate": number(0, above=True),
    "schedule": one_of("linear", "cosine", "constant"),
    "warmup": number(0),
    "weightDecay": number(0),
    "maxGradNorm": number(0, above=True),
    "gradientCheckpointing": one_of("none", "layer", "offload"),
    "evaluateEvery": nothing_or(whole(1)),
    "checkpoints": {"every": whole(1), "keep": whole(1)},
    "earlyStop": {"patience": whole(1), "minDelta": number(0)},
    "seed": whole(0, 2**32 - 1),
    "exports": list_of(("adapter", "merged"), 0),
}
NULLABLE_GROUPS = ("earlyStop",)
GROUPS = {"data": Data, "checkpoints": Checkpoints, "earlyStop": EarlyStop}


def read_recipe(path):
    """The recipe of a file. @raises RecipeError that names the field"""
    try:
        value = json.loads(Path(path).read_text(encoding="utf8"))
    except OSError as error:
        raise RecipeError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise RecipeError(f"{path} is no JSON: {error}") from error
    return check_recipe(value)


def check_recipe(value):
    check_fields(value, FIELDS, "")
    check_together(value)
    fields = {name: GROUPS[name](**snake(held)) if name in GROUPS and held is not None else held for name, held in value.items()}
    return Recipe(**snake(fields))


def check_fields(value, fields, prefix):
    if not isinstance(value, dict):
        raise RecipeError(f"{prefix.rstrip('.') or 'the recipe'} is {show(value)}; it must be an object")
    for name in value:
        if name not in fields:
            raise RecipeError(f"{prefix}{name} is no field of a recipe; is it misspelt?")
    for name, kind in fields.items():
        if name not in value:
            raise RecipeError(f"{prefix}{name} is missing")
        if isinstance(kind, dict):
            if value[name] is not None or name not in NULLABLE_GROUPS:
                check_fields(value[name], kind, f"{prefix}{name}.")
            continue
        test, words = kind
        if not test(value[name]):
            raise RecipeError(f"{prefix}{name} is {show(value[name])}; it must be {words}")


def check_together(value):
    """Fields that contradict each other."""
    full = value["method"] == "full"
    for name in ADAPTER_FIELDS:
        if full and value[name] is not None:
            raise RecipeError(f"{name} is {show(value[name])}, and the method full has no adapter: set it to null")
        if not full and value[name] is None:
            raise RecipeError(f"{name} is null, and the method {value['method']} needs it")
    if value["method"] == "qlora" and value["quantisation"] != "nf4":
        raise RecipeError("quantisation is none, and the method qlora needs nf4: set it, or take the method lora")
    if value["method"] in ("lora", "full") and value["quantisation"] == "nf4":
        raise RecipeError(f"quantisation is nf4, and the method {value['method']} trains over unpacked weights: take qlora, or dora")
    if (value["epochs"] is None) == (value["steps"] is None):
        raise RecipeError("epochs and steps: give one of them, and null for the other")
    if value["evaluateEvery"] is not None and value["data"]["eval"] is None:
        raise RecipeError("evaluateEvery is set, and data.eval is null: name a file of held-out rows")
    if value["earlyStop"] is not None and value["evaluateEvery"] is None:
        raise RecipeError("earlyStop is set, and evaluateEvery is null: there is no loss to stop by")
    if value["warmup"] >= 1 and value["warmup"] != int(value["warmup"]):
        raise RecipeError(f"warmup is {value['warmup']}; it must be a whole number of steps, or a share of them below 1")
    if value["gradientCheckpointing"] == "offload" and value["backend"] == "trl":
        raise RecipeError("gradientCheckpointing is offload, and only Unsloth moves checkpoints to RAM: take layer")
    if value["groupByLength"] and value["packing"]:
        raise RecipeError("groupByLength is set beside packing, which leaves nothing to fill up: set one of them")
    if full and "adapter" in value["exports"]:
        raise RecipeError("exports has adapter, and the method full trains none: take merged, which is the whole model")


def show(value):
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}…"


def snake(fields):
    """learningRate → learning_rate."""
    return {re.sub("([A-Z])", lambda found: "_" + found.group(1).lower(), name): value for name, value in fields.items()}
