"""The checkpoint as others load it: Hugging Face's folder, and ONNX for transformers.js."""
from __future__ import annotations

import json
import logging
import shutil
import warnings
from pathlib import Path

import onnx
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import AutoTokenizer, GenerationConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from .graph import Graph

TOKENIZER_FILES = ["tokenizer.json", "tokenizer_config.json"]


def read_tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    return AutoTokenizer.from_pretrained(folder)


def save_model(model: LlamaForCausalLM, folder: Path) -> None:
    model.generation_config = GenerationConfig(bos_token_id=model.config.bos_token_id, eos_token_id=model.config.eos_token_id, pad_token_id=model.config.pad_token_id, do_sample=False)
    model.save_pretrained(folder)


def publish(state: Path, out: Path) -> None:
    """The finished checkpoint: weights in fp16 (half the size; all formats are made of these), opened in fp32 as config.json says."""
    model = LlamaForCausalLM.from_pretrained(state, dtype=torch.float32)
    kept = model.generation_config
    model.half().save_pretrained(out)
    kept.save_pretrained(out)
    path = out / "config.json"
    config = json.loads(path.read_text("utf-8"))
    config.pop("torch_dtype", None)
    # transformers 4 reads rope_theta at the top; the weights are widened when they are opened.
    config.update(dtype="float32", rope_theta=config["rope_parameters"]["rope_theta"], architectures=["LlamaForCausalLM"])
    path.write_text(json.dumps(config, indent=1, sort_keys=True) + "\n", "utf-8")
    for name in TOKENIZER_FILES:
        shutil.copyfile(state / name, out / name)


def read_model(folder: Path) -> LlamaForCausalLM:
    return LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()


def write_onnx(out: Path, say=print) -> None:
    """onnx/model.onnx, and onnx/model_quantized.onnx with matrices in 8 bits (what transformers.js calls q8)."""
    model = read_model(out)
    config, graph = model.config, Graph(model).eval()
    layers, shared, width = config.num_hidden_layers, config.num_key_value_heads, config.hidden_size // config.num_attention_heads
    past = [torch.zeros(2, shared, 3, width) for _ in range(2 * layers)]
    inputs = (torch.ones(2, 5, dtype=torch.int64), torch.ones(2, 8, dtype=torch.int64), torch.arange(3, 8).repeat(2, 1), past)
    names = [f"{at}.{part}" for at in range(layers) for part in ("key", "value")]
    dynamic = torch.export.Dim.DYNAMIC
    (out / "onnx").mkdir(exist_ok=True)
    path = out / "onnx" / "model.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)
        program = torch.onnx.export(
            graph, inputs, dynamo=True, verbose=False, optimize=False, external_data=False,
            input_names=["input_ids", "attention_mask", "position_ids", *(f"past_key_values.{name}" for name in names)], output_names=["logits", *(f"present.{name}" for name in names)],
            dynamic_shapes=({0: dynamic, 1: dynamic}, {0: dynamic, 1: dynamic}, {0: dynamic, 1: dynamic}, [{0: dynamic, 2: dynamic}] * (2 * layers)),
        )
    program.save(str(path), external_data=False)
    _name_dimensions(path)
    wide = out / "onnx" / "wide.onnx"
    _widen(path, wide)
    quantized = out / "onnx" / "model_quantized.onnx"
    quantize_dynamic(wide, quantized, weight_type=QuantType.QInt8, per_channel=True, extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT})
    logging.disable(logging.NOTSET)
    wide.unlink()
    for made in (path, quantized):
        say(f"{made.name}: {made.stat().st_size / 1e6:.2f} MB")


def _name_dimensions(path: Path) -> None:
    """transformers.js finds the batch by the name of its dimension; what the exporter noted about its own work is left out."""
    model = onnx.load(path)
    for node in model.graph.node:
        # Half a megabyte of where each came from.
        del node.metadata_props[:]
        node.doc_string = ""
    for value in [*model.graph.input, *model.graph.output]:
        dims = value.type.tensor_type.shape.dim
        names = {0: "batch_size"}
        if "past_key_values" in value.name:
            names[2] = "past_sequence_length"
        elif "present" in value.name:
            names[2] = "total_sequence_length"
        else:
            names[1] = "total_sequence_length" if value.name == "attention_mask" else "sequence_length"
        for at, name in names.items():
            dims[at].ClearField("dim_value")
            dims[at].dim_param = name
    onnx.save(model, path)


def _widen(path: Path, wide: Path) -> None:
    """Weights in fp32 without casts and with transposes done, as the quantiser wants them."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(wide)
    options.log_severity_level = 3
    onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
