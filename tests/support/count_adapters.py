"""Prints, for each setting on stdin, what PEFT counts: parameters that train and all of them. Models without values: nothing is loaded."""

import json
import sys

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoConfig, AutoModelForCausalLM

for setting in json.load(sys.stdin):
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(AutoConfig.for_model(**setting["config"]))
        adapted = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", r=setting["rank"], target_modules=setting["targets"], use_dora=setting["dora"], init_lora_weights=False))
    trainable, total = adapted.get_nb_trainable_parameters()
    print(json.dumps({"trainable": trainable, "total": total}))
