"""fitcheck (https://pypi.org/project/fitcheck-llm/) on points: one JSON object a line in, one a line out, null where it cannot say."""
import json
import sys

from fitcheck.config_parser import ModelConfig
from fitcheck.estimator import ServingConfig, TrainingConfig, estimate, estimate_inference
from fitcheck.gpu_db import get_gpu

TARGETS = {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}
GPUS = [("T4", "t4"), ("A100-SXM4-80GB", "a100-80"), ("A100", "a100-40"), ("L40S", "l40s"), ("A6000", "a6000"), ("3090", "3090"), ("4090", "4090"), ("H20", "h100")]
QUANTS = {"bf16": ("none", False), "fp16": ("none", False), "nf4": ("nf4", False), "bnb-nf4": ("nf4", False), "bnb-nf4-dq": ("nf4", True), "bnb-nf4 (double quant)": ("nf4", True)}


def answer(p):
    shape, quant = p["shape"], p["quant"].lower() if p["quant"].lower() in ("bf16", "fp16") else p["quant"]
    if quant not in QUANTS or p["seq"] is None:
        return None
    quantization, double = QUANTS[quant]
    config = ModelConfig(shape["name"], p["params"], shape["hidden"], shape["layers"], shape["heads"], shape["kvHeads"], shape["ffn"], shape["vocab"], shape["headDim"], shape["tied"])
    gpu = get_gpu(next(key for name, key in GPUS if name in p["gpu"]))
    precision = "fp16" if "T4" in p["gpu"] else "bf16"
    if p["method"] == "inference":
        return estimate_inference(config, ServingConfig(precision, quantization, double, p["seq"], p["batch"]), gpu).total_mib / 1024
    targets = p["target_modules"]
    if p["method"] not in ("LoRA", "QLoRA", "full") or (p["method"] != "full" and not (isinstance(targets, list) and set(targets) <= TARGETS)):
        return None
    return estimate(config, TrainingConfig(
        precision, quantization, double, "adam8bit" if "8bit" in p["optimizer"] else "adamw", "fp32", p["batch"], p["seq"],
        None if p["method"] == "full" else p["rank"], targets or [], str(p["checkpointing"]).lower() not in ("false", "none"), p.get("attention") != "eager",
    ), gpu).total_mib / 1024


for line in sys.stdin:
    try:
        result = answer(json.loads(line))
    except ValueError:
        result = None
    print(json.dumps(result))
