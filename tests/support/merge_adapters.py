"""Adapters of random numbers over a small base, as PEFT saves and merges them: FOLDER/base, FOLDER/NAME (adapter), FOLDER/NAME-merged."""

import sys
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, LlamaConfig

folder = Path(sys.argv[1])
torch.manual_seed(64)
shape = LlamaConfig(hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, vocab_size=64, tie_word_embeddings=True)
AutoModelForCausalLM.from_config(shape).save_pretrained(folder / "base")

for name, options in {"lora": {}, "rslora": {"use_rslora": True}, "dora": {"use_dora": True}}.items():
    base = AutoModelForCausalLM.from_pretrained(folder / "base", dtype=torch.float32)
    model = get_peft_model(base, LoraConfig(task_type="CAUSAL_LM", r=4, lora_alpha=12, target_modules=["q_proj", "k_proj", "down_proj"], **options))
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter += 0.2 * torch.randn_like(parameter)
    model.save_pretrained(folder / name)
    model.merge_and_unload().save_pretrained(folder / f"{name}-merged")
