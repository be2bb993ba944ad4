"""Writes a checkpoint as ../weights.safetensors and ../config.json.

    python export.py CHECKPOINT [FOLDER]

Norms are 32-bit floats. A matrix, [outputs, inputs], is stored as bytes, with a 32-bit scale for each row under
the name `<matrix>.scale`: a weight is `byte * scale`. The names are those of the published PyTorch model.
"""

import json
import sys
from pathlib import Path

import torch
from torch import Tensor

from phi import Phi, Size

FORMATS = {torch.int8: "I8", torch.float32: "F32"}


def published_names(model: Phi) -> dict[str, Tensor]:
    named = {"model.embed_tokens.weight": model.embedding.weight, "model.norm.weight": model.last.weight, "lm_head.weight": model.head.weight}
    for at, layer in enumerate(model.layers):
        prefix = f"model.layers.{at}"
        named |= {
            f"{prefix}.input_layernorm.weight": layer.before.weight,
            f"{prefix}.self_attn.qkv_proj.weight": layer.qkv.weight,
            f"{prefix}.self_attn.o_proj.weight": layer.output.weight,
            f"{prefix}.post_attention_layernorm.weight": layer.between.weight,
            f"{prefix}.mlp.gate_up_proj.weight": layer.gate_up.weight,
            f"{prefix}.mlp.down_proj.weight": layer.down.weight,
        }
    return named


def to_bytes(weight: Tensor) -> tuple[Tensor, Tensor]:
    scale = weight.abs().amax(1).clamp(min=1e-12) / 127
    return (weight / scale[:, None]).round().to(torch.int8), scale


def round_weights(model: Phi) -> Phi:
    """The model after a round trip through the file."""
    with torch.no_grad():
        for weight in published_names(model).values():
            if weight.dim() == 2:
                rounded, scale = to_bytes(weight)
                weight.copy_(rounded * scale[:, None])
    return model


def write_safetensors(path: Path, tensors: dict[str, Tensor]) -> None:
    # Wide elements first, so that each tensor starts at a multiple of its element's size.
    ordered = sorted(tensors.items(), key=lambda item: (-item[1].element_size(), item[0]))
    header: dict[str, object] = {"__metadata__": {"format": "runfleet-demo-1"}}
    offset = 0
    for name, tensor in ordered:
        end = offset + tensor.numel() * tensor.element_size()
        header[name] = {"dtype": FORMATS[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for _, tensor in ordered:
            file.write(tensor.contiguous().numpy().tobytes())


def main() -> None:
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).parent.parent
    state = torch.load(sys.argv[1])
    model = Phi(Size(vocabulary=state["head.weight"].shape[0]))
    model.load_state_dict(state)
    tensors: dict[str, Tensor] = {}
    for name, weight in published_names(model).items():
        weight = weight.detach()
        if weight.dim() == 1:
            tensors[name] = weight
        else:
            tensors[name], tensors[f"{name}.scale"] = to_bytes(weight)
    write_safetensors(folder / "weights.safetensors", tensors)
    (folder / "config.json").write_text(json.dumps(model.size.config(), indent=1) + "\n")


if __name__ == "__main__":
    main()
