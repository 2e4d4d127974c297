"""The base and its adapters, by Unsloth, on CUDA. Must be imported before Transformers, PEFT and TRL, which Unsloth patches.

Written against the signatures of unsloth 2026.10.7 (colab/requirements-t4.txt) and not tried on a card by the workbook.
"""

from unsloth import FastLanguageModel  # isort: skip

import torch

DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
# Unsloth's own way moves checkpoints to RAM; True keeps them on the card.
CHECKPOINTING = {"none": False, "layer": True, "offload": "unsloth"}


def load(recipe, plan):
    """What trains, and its tokenizer."""
    model, tokenizer = FastLanguageModel.from_pretrained(
        model_name=recipe.base, max_seq_length=recipe.max_length, dtype=DTYPES[plan.precision], load_in_4bit=plan.packed,
        use_gradient_checkpointing=CHECKPOINTING[recipe.gradient_checkpointing], random_state=recipe.seed,
    )
    model = FastLanguageModel.get_peft_model(
        model, r=recipe.rank, target_modules=list(recipe.targets), lora_alpha=recipe.alpha, lora_dropout=recipe.dropout, bias="none",
        use_gradient_checkpointing=CHECKPOINTING[recipe.gradient_checkpointing], random_state=recipe.seed, use_rslora=recipe.rslora,
        use_dora=recipe.method == "dora",
    )
    return model, tokenizer


def save_merged(model, tokenizer, folder):
    """Base and adapter as one model of 16 bits, a shard at a time: a packed base is read again unpacked."""
    model.save_pretrained_merged(str(folder), tokenizer, save_method="merged_16bit")
