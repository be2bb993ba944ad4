"""Phi-3.5's architecture in PyTorch, at any size: RMSNorm, packed qkv, LongRoPE, gate and up, no biases."""

import json
import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class Size:
    vocabulary: int
    hidden: int = 192
    intermediate: int = 512
    layers: int = 4
    heads: int = 6
    original_positions: int = 4096
    positions: int = 8192

    @property
    def head(self) -> int:
        return self.hidden // self.heads

    def config(self) -> dict:
        """The fields of the published config.json that determine the graph."""
        return {
            "architectures": ["Phi3ForCausalLM"],
            "model_type": "phi3",
            "hidden_size": self.hidden,
            "intermediate_size": self.intermediate,
            "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.heads,
            "original_max_position_embeddings": self.original_positions,
            "max_position_embeddings": self.positions,
            "vocab_size": self.vocabulary,
        }

    @staticmethod
    def read(path: str) -> "Size":
        with open(path) as file:
            config = json.load(file)
        return Size(
            vocabulary=config["vocab_size"],
            hidden=config["hidden_size"],
            intermediate=config["intermediate_size"],
            layers=config["num_hidden_layers"],
            heads=config["num_attention_heads"],
            original_positions=config["original_max_position_embeddings"],
            positions=config["max_position_embeddings"],
        )


def rope(size: Size, length: int) -> tuple[Tensor, Tensor]:
    """LongRoPE's short table, with the factors and the scale of rope-tables.ts in packages/engine."""
    half = size.head // 2
    growth = math.log(size.positions / size.original_positions) / math.log(size.original_positions)
    place = torch.arange(half, dtype=torch.float64)
    factor = 1 + 1.8 * (place / (half - 1)) ** 3
    angle = torch.outer(
        torch.arange(length, dtype=torch.float64), 1 / (factor * 10_000 ** (place / half))
    )
    scale = math.sqrt(1 + growth)
    return (angle.cos() * scale).float(), (angle.sin() * scale).float()


class Norm(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, (x.shape[-1],), self.weight, 1e-5)


class Layer(nn.Module):
    def __init__(self, size: Size) -> None:
        super().__init__()
        self.heads, self.head = size.heads, size.head
        self.before = Norm(size.hidden)
        self.qkv = nn.Linear(size.hidden, 3 * size.hidden, bias=False)
        self.output = nn.Linear(size.hidden, size.hidden, bias=False)
        self.between = Norm(size.hidden)
        self.gate_up = nn.Linear(size.hidden, 2 * size.intermediate, bias=False)
        self.down = nn.Linear(size.intermediate, size.hidden, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor | None) -> Tensor:
        batch, length, width = x.shape
        parts = self.qkv(self.before(x)).view(batch, length, 3, self.heads, self.head)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(
            turn(query, cos, sin), turn(key, cos, sin), value, attn_mask=mask, is_causal=mask is None
        )
        x = x + self.output(attended.transpose(1, 2).reshape(batch, length, width))
        gate, up = self.gate_up(self.between(x)).chunk(2, -1)
        return x + self.down(F.silu(gate) * up)


def turn(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    real, imaginary = x.chunk(2, -1)
    return torch.cat((real * cos - imaginary * sin, imaginary * cos + real * sin), -1).to(x.dtype)


class Phi(nn.Module):
    def __init__(self, size: Size) -> None:
        super().__init__()
        self.size = size
        self.embedding = nn.Embedding(size.vocabulary, size.hidden)
        self.layers = nn.ModuleList(Layer(size) for _ in range(size.layers))
        self.last = Norm(size.hidden)
        self.head = nn.Linear(size.hidden, size.vocabulary, bias=False)
        cos, sin = rope(size, 1024)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                is_residual = name.endswith(("output.weight", "down.weight"))
                deviation = 0.04 / (math.sqrt(2 * size.layers) if is_residual else 1)
                nn.init.normal_(weight, std=deviation)

    def forward(self, ids: Tensor, mask: Tensor | None = None) -> Tensor:
        """The hidden states; `self.head(...)` turns them into logits. Without a mask each token attends to all earlier ones."""
        x = self.embedding(ids)
        cos, sin = self.cos[: ids.shape[1]], self.sin[: ids.shape[1]]
        for layer in self.layers:
            x = layer(x, cos, sin, mask)
        return self.last(x)
