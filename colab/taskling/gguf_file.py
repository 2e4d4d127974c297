"""GGUF for llama.cpp and Ollama, in f16 and q8_0."""
from __future__ import annotations

import json
from pathlib import Path

import gguf
import numpy
import torch

from .export import read_model, read_tokenizer
from .tokenizer import SPECIAL

NAMES = {"input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
         "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down"}


def permuted(weight: torch.Tensor, heads: int) -> torch.Tensor:
    """The order of rows that llama.cpp's rotary embedding wants: pairs side by side instead of halves."""
    return weight.view(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:]).transpose(1, 2).reshape(weight.shape)


def gguf_name(name: str) -> str:
    """llama.cpp's name for a tensor of a Hugging Face Llama."""
    if name == "model.embed_tokens.weight":
        return "token_embd.weight"
    if name == "model.norm.weight":
        return "output_norm.weight"
    _, _, layer, *rest = name.split(".")
    return f"blk.{layer}.{NAMES['.'.join(rest[:-1])]}.weight"


def write(folder: Path, path: Path, kind: gguf.GGMLQuantizationType) -> None:
    model, tokenizer = read_model(folder), read_tokenizer(folder)
    config = model.config
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("Taskling")
    writer.add_license("apache-2.0")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16 if kind == gguf.GGMLQuantizationType.F16 else gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_rope_dimension_count(config.hidden_size // config.num_attention_heads)
    writer.add_vocab_size(config.vocab_size)
    _write_tokenizer(writer, folder, tokenizer, config.vocab_size)
    for name, weight in model.state_dict().items():
        # The head is the embedding; llama.cpp takes that where the file has no output.weight.
        if name == "lm_head.weight":
            continue
        if "q_proj" in name:
            weight = permuted(weight, config.num_attention_heads)
        if "k_proj" in name:
            weight = permuted(weight, config.num_key_value_heads)
        values = weight.contiguous().numpy().astype(numpy.float32)
        wanted = gguf.GGMLQuantizationType.F32 if values.ndim == 1 else kind
        writer.add_tensor(gguf_name(name), gguf.quants.quantize(values, wanted), raw_dtype=wanted)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _write_tokenizer(writer: gguf.GGUFWriter, folder: Path, tokenizer, size: int) -> None:
    held = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    words = {at: word for word, at in held["model"]["vocab"].items()} | {token["id"]: token["content"] for token in held["added_tokens"]}
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("llama-bpe")
    writer.add_token_list([words[at] for at in range(size)])
    writer.add_token_types([gguf.TokenType.CONTROL if words[at] in SPECIAL else gguf.TokenType.NORMAL for at in range(size)])
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in held["model"]["merges"]])
    writer.add_bos_token_id(tokenizer.bos_token_id)
    writer.add_eos_token_id(tokenizer.eos_token_id)
    writer.add_eot_token_id(tokenizer.eos_token_id)
    writer.add_pad_token_id(tokenizer.pad_token_id)
    # The template writes it.
    writer.add_add_bos_token(False)
    writer.add_chat_template(tokenizer.chat_template)


def write_all(folder: Path, say=print) -> None:
    for name, kind in (("f16", gguf.GGMLQuantizationType.F16), ("q8_0", gguf.GGMLQuantizationType.Q8_0)):
        path = folder / f"taskling-{name}.gguf"
        write(folder, path, kind)
        say(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB")
