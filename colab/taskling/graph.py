"""The model's arithmetic once more, in a form that becomes a small ONNX graph: with a cache, and weights kept in fp16 until they are used."""
from __future__ import annotations

import torch
from torch import Tensor, nn
from transformers import LlamaForCausalLM


class Linear(nn.Module):
    """fp16 in the file, fp32 in the sum; ONNX Runtime widens it once, when the file is opened."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.weight = nn.Buffer(weight.detach().half())

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.weight.float().transpose(0, 1)


class Norm(nn.Module):
    def __init__(self, weight: Tensor, eps: float) -> None:
        super().__init__()
        self.weight, self.eps = nn.Buffer(weight.detach().half()), eps

    def forward(self, x: Tensor) -> Tensor:
        return self.weight.float() * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps))


class Layer(nn.Module):
    def __init__(self, layer: nn.Module, heads: int, shared: int, width: int, eps: float) -> None:
        super().__init__()
        attention, mlp = layer.self_attn, layer.mlp
        self.q, self.k, self.v, self.o = (Linear(part.weight) for part in (attention.q_proj, attention.k_proj, attention.v_proj, attention.o_proj))
        self.gate, self.up, self.down = (Linear(part.weight) for part in (mlp.gate_proj, mlp.up_proj, mlp.down_proj))
        self.before, self.between = Norm(layer.input_layernorm.weight, eps), Norm(layer.post_attention_layernorm.weight, eps)
        self.heads, self.shared, self.width = heads, shared, width

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor, past_key: Tensor, past_value: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        normed = self.before(x)
        split = lambda y, heads: y.unflatten(-1, (heads, self.width)).transpose(1, 2)
        q, k, v = split(self.q(normed), self.heads), split(self.k(normed), self.shared), split(self.v(normed), self.shared)
        q, k = q * cos + turned(q) * sin, k * cos + turned(k) * sin
        k, v = torch.cat([past_key, k], 2), torch.cat([past_value, v], 2)
        groups = self.heads // self.shared
        # Each key and value serves a group of query heads.
        q = q.unflatten(1, (self.shared, groups))
        scores = q @ k.unsqueeze(2).transpose(-1, -2) * self.width ** -0.5 + mask
        seen = (scores.softmax(-1) @ v.unsqueeze(2)).flatten(1, 2)
        x = x + self.o(seen.transpose(1, 2).flatten(2))
        normed = self.between(x)
        return x + self.down(nn.functional.silu(self.gate(normed)) * self.up(normed)), k, v


def turned(x: Tensor) -> Tensor:
    half = x.shape[-1] // 2
    return torch.cat([-x[..., half:], x[..., :half]], -1)


class Graph(nn.Module):
    """Inputs and outputs as transformers.js names them."""

    def __init__(self, model: LlamaForCausalLM) -> None:
        super().__init__()
        config = model.config
        width = config.hidden_size // config.num_attention_heads
        self.table = nn.Buffer(model.model.embed_tokens.weight.detach().half())
        self.layers = nn.ModuleList(Layer(layer, config.num_attention_heads, config.num_key_value_heads, width, config.rms_norm_eps) for layer in model.model.layers)
        self.norm = Norm(model.model.norm.weight, config.rms_norm_eps)
        self.frequencies = nn.Buffer(config.rope_parameters["rope_theta"] ** -(torch.arange(0, width, 2, dtype=torch.float32) / width))

    def forward(self, input_ids: Tensor, attention_mask: Tensor, position_ids: Tensor, past: list[Tensor]) -> list[Tensor]:
        x = nn.functional.embedding(input_ids, self.table).float()
        angles = position_ids.unsqueeze(-1).float() * self.frequencies
        angles = torch.cat([angles, angles], -1).unsqueeze(1)
        cos, sin = angles.cos(), angles.sin()
        total, new = attention_mask.shape[1], input_ids.shape[1]
        places = torch.arange(total, device=input_ids.device)
        earlier = places.unsqueeze(0) <= places[total - new:].unsqueeze(1)
        allowed = earlier.unsqueeze(0) & (attention_mask.unsqueeze(1) > 0)
        mask = torch.where(allowed, 0.0, -1e9).unsqueeze(1).unsqueeze(1)
        present = []
        for at, layer in enumerate(self.layers):
            x, key, value = layer(x, cos, sin, mask, past[2 * at], past[2 * at + 1])
            present += [key, value]
        return [self.norm(x) @ self.table.float().transpose(0, 1), *present]
