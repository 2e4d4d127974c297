"""GGUF for llama.cpp and Ollama: f32, f16, q8_0 and q4_k_m of a Llama in Hugging Face's format, with tokenizer, chat template and stop token."""
from __future__ import annotations

import json
from pathlib import Path

import gguf
import numpy
import torch

from .k_quants import SUPER, quantize_q4_k, quantize_q6_k

Q = gguf.GGMLQuantizationType
FILE_TYPES = {"f32": gguf.LlamaFileType.ALL_F32, "f16": gguf.LlamaFileType.MOSTLY_F16, "q8_0": gguf.LlamaFileType.MOSTLY_Q8_0, "q4_k_m": gguf.LlamaFileType.MOSTLY_Q4_K_M}
KINDS = tuple(FILE_TYPES)
NAMES = {"input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
         "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down"}
WHOLE = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}
"""Llama-3's pre-tokenizer, which llama.cpp knows as llama-bpe. With another name a third of texts become other tokens."""
LLAMA_3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


class ExportError(Exception):
    """What cannot be exported: one sentence with what can be done instead."""


def permuted(weight: torch.Tensor, heads: int) -> torch.Tensor:
    """The order of rows that llama.cpp's rotary embedding wants: pairs side by side instead of halves."""
    return weight.view(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:]).transpose(1, 2).reshape(weight.shape)


def gguf_name(name: str) -> str:
    """llama.cpp's name for a tensor of a Hugging Face Llama."""
    stem = name.removesuffix(".weight")
    if stem in WHOLE:
        return f"{WHOLE[stem]}.weight"
    _, _, layer, *rest = stem.split(".")
    if ".".join(rest) not in NAMES:
        raise ExportError(f"the tensor {name} has no place in llama.cpp's Llama: only plain Llamas without biases are written")
    return f"blk.{layer}.{NAMES['.'.join(rest)]}.weight"


def uses_more_bits(layer: int, layers: int) -> bool:
    """The first and the last eighth of the layers, and every third between: `use_more_bits` of llama.cpp."""
    eighth = layers // 8
    return layer < eighth or layer >= 7 * layers // 8 or (layer - eighth) % 3 == 2


def tensor_type(name: str, dimensions: int, kind: str, layers: int, tied: bool) -> Q:
    """
    What llama.cpp's `llama_tensor_get_type` makes of a tensor (src/llama-quant.cpp). q4_k_m: the head in Q6_K, or the
    embedding where it is the head too; `attn_v` and `ffn_down` in Q6_K where it wants more bits; all else in Q4_K.
    Not followed: 80 layers, where it takes Q5_K for some, and experts.
    """
    if dimensions == 1 or kind == "f32":
        return Q.F32
    if kind in ("f16", "q8_0"):
        return Q.F16 if kind == "f16" else Q.Q8_0
    if name == "output.weight" or (tied and name == "token_embd.weight"):
        return Q.Q6_K
    if "attn_v" in name or "ffn_down" in name:
        return Q.Q6_K if uses_more_bits(int(name.split(".")[1]), layers) else Q.Q4_K
    return Q.Q4_K


def packed(values: numpy.ndarray, kind: Q) -> numpy.ndarray:
    if kind == Q.Q4_K:
        return quantize_q4_k(values)
    return quantize_q6_k(values) if kind == Q.Q6_K else gguf.quants.quantize(values, kind)


def check(config, kind: str) -> None:
    """@raises ExportError where llama.cpp would compute otherwise than transformers, or the rows are no whole blocks"""
    rope = config.rope_parameters or {}
    if config.model_type != "llama" or config.hidden_act != "silu" or config.attention_bias or config.mlp_bias:
        raise ExportError(f"a {config.model_type} with activation {config.hidden_act}{' and biases' if config.attention_bias or config.mlp_bias else ''} is not written: only plain Llamas are; llama.cpp's convert_hf_to_gguf.py knows more")
    if rope.get("rope_type", "default") != "default":
        raise ExportError(f"its rotary embedding is stretched ({rope['rope_type']}), and the factors of that are not written here; llama.cpp's convert_hf_to_gguf.py does")
    block = {"q8_0": 32, "q4_k_m": SUPER}.get(kind, 1)
    heads = config.num_attention_heads * config.head_dim
    for what, width in (("hidden size", config.hidden_size), ("MLP size", config.intermediate_size), ("size of all heads", heads)):
        if width % block:
            possible = [other for other, size in (("f16", 1), ("q8_0", 32)) if all(wide % size == 0 for wide in (config.hidden_size, config.intermediate_size, heads))]
            raise ExportError(f"{kind} packs {block} values of a row together, and the {what} is {width}, no multiple of {block}; possible are {' and '.join(f'gguf-{other}' for other in possible)}")


def write(model, tokenizer, path: Path, kind: str, *, name: str, stop: int | None = None, license: str | None = None) -> dict:
    """
    Writes one file and returns how many tensors, and how many weights, have which type. The weights are taken in fp32.

    @param stop: the token that ends a turn; default: the tokenizer's eos
    @raises ExportError
    """
    config = model.config
    check(config, kind)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(name)
    if license:
        writer.add_license(license)
    writer.add_file_type(FILE_TYPES[kind])
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    if config.head_dim * config.num_attention_heads != config.hidden_size:
        writer.add_key_length(config.head_dim)
        writer.add_value_length(config.head_dim)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_vocab_size(config.vocab_size)
    if kind not in ("f32", "f16", "q8_0"):
        writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    _write_tokenizer(writer, tokenizer, config.vocab_size, tokenizer.eos_token_id if stop is None else stop)
    tensors: dict[str, int] = {}
    weights: dict[str, int] = {}
    tied = bool(config.tie_word_embeddings)
    for hugging_face, weight in model.state_dict().items():
        # A tied head is the embedding; llama.cpp takes that where the file has no output.weight.
        if hugging_face == "lm_head.weight" and tied:
            continue
        if "q_proj" in hugging_face:
            weight = permuted(weight, config.num_attention_heads)
        if "k_proj" in hugging_face:
            weight = permuted(weight, config.num_key_value_heads)
        values = weight.float().contiguous().numpy().astype(numpy.float32)
        own = gguf_name(hugging_face)
        wanted = tensor_type(own, values.ndim, kind, config.num_hidden_layers, tied)
        tensors[wanted.name] = tensors.get(wanted.name, 0) + 1
        weights[wanted.name] = weights.get(wanted.name, 0) + values.size
        writer.add_tensor(own, packed(values, wanted), raw_dtype=wanted)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return {"tensors": tensors, "weights": weights}


def _write_tokenizer(writer: gguf.GGUFWriter, tokenizer, size: int, stop: int) -> None:
    held = json.loads(tokenizer.backend_tokenizer.to_str())
    if held["model"]["type"] != "BPE" or LLAMA_3 not in json.dumps(held["pre_tokenizer"], ensure_ascii=False).replace("\\\\", "\\"):
        raise ExportError("its tokenizer is no BPE with Llama-3's pre-tokenizer, and llama.cpp would cut texts into other tokens; its convert_hf_to_gguf.py knows the others")
    if not tokenizer.chat_template:
        raise ExportError("its tokenizer has no chat template: whoever loads the file would guess one. Put the template that it was trained with into tokenizer_config.json")
    special = {token["content"] for token in held["added_tokens"] if token["special"]}
    words = {at: word for word, at in held["model"]["vocab"].items()} | {token["id"]: token["content"] for token in held["added_tokens"]}
    kinds = [gguf.TokenType.UNUSED if at not in words else gguf.TokenType.CONTROL if words[at] in special else gguf.TokenType.NORMAL for at in range(size)]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("llama-bpe")
    writer.add_token_list([words.get(at, f"[PAD{at}]") for at in range(size)])
    writer.add_token_types(kinds)
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in held["model"]["merges"]])
    if tokenizer.bos_token_id is not None:
        writer.add_bos_token_id(tokenizer.bos_token_id)
    writer.add_eos_token_id(stop)
    writer.add_eot_token_id(stop)
    if tokenizer.pad_token_id is not None:
        writer.add_pad_token_id(tokenizer.pad_token_id)
    # The template writes it.
    writer.add_add_bos_token(False)
    writer.add_chat_template(tokenizer.chat_template)
