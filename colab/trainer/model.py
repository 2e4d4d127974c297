"""The base and its adapters, by Transformers and PEFT."""

from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from .recipe import RecipeError

DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}


def read_tokenizer(recipe):
    """The base's tokenizer, with the recipe's chat template if it names one."""
    try:
        tokenizer = AutoTokenizer.from_pretrained(recipe.base)
    except (OSError, ValueError) as error:
        raise RecipeError(f"base: no tokenizer can be read from {recipe.base}: {str(error).splitlines()[0]}") from error
    return with_template(tokenizer, recipe)


def with_template(tokenizer, recipe):
    if recipe.chat_template:
        tokenizer.chat_template = Path(recipe.chat_template).read_text(encoding="utf8")
    if tokenizer.pad_token is None:
        # Padding has no label and no attention, so any token will do; eos is what every tokenizer has.
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_base(recipe, plan):
    """The base as it lies in memory while training."""
    # Weights that train are kept in fp32: fp16 loses small updates, and PyTorch's scaler refuses fp16 gradients.
    dtype = torch.float32 if recipe.method == "full" else DTYPES[plan.precision]
    settings = {"dtype": dtype, "attn_implementation": "sdpa"}
    if plan.packed:
        from transformers import BitsAndBytesConfig

        settings["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=DTYPES[plan.precision]
        )
        settings["device_map"] = {"": 0}
    try:
        model = AutoModelForCausalLM.from_pretrained(recipe.base, **settings)
    except (OSError, ValueError) as error:
        raise RecipeError(f"base: no model can be read from {recipe.base}: {str(error).splitlines()[0]}") from error
    return model if plan.packed else model.to(plan.device)


def lora_config(recipe):
    return LoraConfig(
        task_type="CAUSAL_LM", r=recipe.rank, lora_alpha=recipe.alpha, lora_dropout=recipe.dropout, target_modules=list(recipe.targets),
        use_rslora=recipe.rslora, use_dora=recipe.method == "dora", bias="none",
    )


def load(recipe, plan):
    """What trains: the base with fresh adapters, or the base itself."""
    model = load_base(recipe, plan)
    return model if recipe.method == "full" else get_peft_model(model, lora_config(recipe))


def widen_adapters(model):
    """Adapters in fp32. TRL turns those over a packed base into bf16, which a T4 lacks and fp16's scaler refuses."""
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()


def is_whole(model):
    """Whether all weights that train are numbers."""
    return all(bool(torch.isfinite(weights).all()) for weights in model.parameters() if weights.requires_grad)


def count(model):
    """Parameters: all, and those that train, as PEFT prints them. A packed matrix counts as many as it stands for."""
    if isinstance(model, PeftModel):
        trainable, total = model.get_nb_trainable_parameters()
    else:
        trainable, total = model.num_parameters(only_trainable=True), model.num_parameters()
    return {"total": total, "trainable": trainable}
