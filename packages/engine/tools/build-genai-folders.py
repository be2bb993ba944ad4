"""Builds tiny Phi-3 folders with Microsoft's model builder (onnxruntime-genai), one for each of its
versions and targets, and stores beside each how it continues some prompts.

    python3 -m venv /tmp/genai
    /tmp/genai/bin/pip install torch transformers onnx onnx_ir onnxruntime
    /tmp/genai/bin/python packages/engine/tools/build-genai-folders.py /tmp/genai-folders
    node --import tsx packages/engine/tools/check-genai-folders.ts /tmp/genai-folders/built/*

Names of versions after the folder build those instead. `--fixtures` also writes the smallest folder
of each shape to packages/engine/fixtures/genai, which the tests open. It took eight minutes on two
busy cores; folders that exist are not built again.

The answers come from two other implementations, which compute each token from the whole text
without a cache: transformers in float64 for float32 folders, and ONNX Runtime's own binding for the
others. Some of the logits before each token are stored with it.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy
import onnx
import onnxruntime
import torch
from transformers import Phi3Config, Phi3ForCausalLM

VERSIONS = ["0.14.1", "0.15.2", "0.16.0", "0.17.1", "0.18.0"]
# Precision and execution provider, as the builder names them.
TARGETS = [("fp32", "cpu"), ("int4", "cpu"), ("fp16", "cuda"), ("int4", "cuda"), ("fp16", "webgpu"), ("fp16", "dml")]
FIXTURES = ["0.14.1-fp32-cpu", "0.18.0-fp32-cpu", "0.18.0-int4-cpu", "0.18.0-fp16-cuda", "0.18.0-fp16-dml", "0.18.0-fp16-cuda-fp32-logits"]
ENGINE = Path(__file__).resolve().parent.parent
FIXTURE_DIR = ENGINE / "fixtures" / "genai"

SWITCH = 64
HEADS = 2
VOCABULARY = 448
PROMPTS = [[3 + (37 * at + 11 * length) % 360 for at in range(length)] for length in (2, 9, 40, 58, 70)]
TOKENS = 20
# The ids whose logits are stored.
PROBES = list(range(0, VOCABULARY, 56))


def make_checkpoint(path: Path) -> torch.nn.Module:
    torch.manual_seed(35)
    half = 8
    config = Phi3Config(
        vocab_size=VOCABULARY, hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=HEADS, num_key_value_heads=HEADS, original_max_position_embeddings=SWITCH,
        max_position_embeddings=128, rms_norm_eps=1e-5, rope_theta=10000.0, sliding_window=262144,
        bos_token_id=1, eos_token_id=2, pad_token_id=2, tie_word_embeddings=False, initializer_range=0.3,
        rope_scaling={
            "type": "longrope",
            "short_factor": [1.0 + 0.02 * at for at in range(half)],
            "long_factor": [1.2 + 0.9 * at for at in range(half)],
        },
    )
    model = Phi3ForCausalLM(config).eval()
    model.save_pretrained(path)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(FIXTURE_DIR / "tokenizer" / name, path)
    return model.double()


def install(version: str, parent: Path) -> Path:
    target = parent / version
    if not target.exists():
        package = f"onnxruntime-genai=={version}"
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(target), package], check=True)
    return target


def build(version_dir: Path, checkpoint: Path, out: Path, precision: str, provider: str) -> None:
    command = [sys.executable, "-m", "onnxruntime_genai.models.builder", "-i", str(checkpoint), "-o", str(out),
               "-p", precision, "-e", provider, "-c", str(out.parent.parent / "cache")]
    environment = {**os.environ, "PYTHONPATH": str(version_dir)}
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)


def widen_logits(source: Path, out: Path) -> None:
    """A build whose caches are in half precision and whose logits are not."""
    shutil.copytree(source, out, dirs_exist_ok=True)
    model = onnx.load(out / "model.onnx", load_external_data=False)
    for node in model.graph.node:
        node.output[:] = ["logits_half" if name == "logits" else name for name in node.output]
    model.graph.node.append(onnx.helper.make_node("Cast", ["logits_half"], ["logits"], name="/logits/Cast", to=onnx.TensorProto.FLOAT))
    next(value for value in model.graph.output if value.name == "logits").type.tensor_type.elem_type = onnx.TensorProto.FLOAT
    onnx.save(model, out / "model.onnx")


class Session:
    """The logits after a text, computed by ONNX Runtime in one run without a cache."""

    def __init__(self, folder: Path):
        self.session = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
        self.inputs = self.session.get_inputs()
        self.head_size = json.loads((folder / "genai_config.json").read_text())["model"]["decoder"]["head_size"]

    def logits(self, ids: list[int]) -> numpy.ndarray:
        feeds = {}
        for value in self.inputs:
            if value.name == "input_ids":
                feeds[value.name] = numpy.array([ids], dtype=numpy.int64)
            elif value.name == "attention_mask":
                feeds[value.name] = numpy.ones((1, len(ids)), dtype=numpy.int64)
            elif value.name == "position_ids":
                feeds[value.name] = numpy.arange(len(ids), dtype=numpy.int64)[None]
            else:
                kind = numpy.float16 if "float16" in value.type else numpy.float32
                _, heads, _, width = value.shape
                # Newer builds name the last dimension instead of stating it.
                feeds[value.name] = numpy.zeros((1, heads, 0, width if isinstance(width, int) else self.head_size), dtype=kind)
        return self.session.run(["logits"], feeds)[0][0, -1].astype(numpy.float64)


def torch_logits(model: torch.nn.Module, ids: list[int]) -> numpy.ndarray:
    with torch.no_grad():
        return model(torch.tensor([ids]), use_cache=False).logits[0, -1].numpy()


def answers(logits_of) -> list[dict]:
    found = []
    for prompt in PROMPTS:
        ids, probes = list(prompt), []
        for _ in range(TOKENS):
            logits = logits_of(ids)
            probes.append([round(float(logits[at]), 4) for at in PROBES])
            ids.append(int(logits.argmax()))
        found.append({"prompt": prompt, "continued": ids[len(prompt):], "logits": probes})
    return found


def store_answers(folder: Path, precision: str, model: torch.nn.Module, switch: int = SWITCH) -> None:
    session = Session(folder)
    distance = max(numpy.abs(session.logits(prompt) - torch_logits(model, prompt)).max() for prompt in PROMPTS)
    logits_of = (lambda ids: torch_logits(model, ids)) if precision == "fp32" else session.logits
    stored = {"precision": precision, "switch": switch, "probes": PROBES, "answers": answers(logits_of)}
    (folder / "answers.json").write_text(json.dumps(stored, separators=(",", ":")) + "\n")
    print(f"{folder.name}: logits within {distance:.1e} of float64", flush=True)


def keep_fixture(folder: Path, fixtures: Path = FIXTURE_DIR) -> None:
    out = fixtures / folder.name
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    for name in ("model.onnx", "model.onnx.data", "genai_config.json", "answers.json"):
        shutil.copy(folder / name, out)


def main() -> None:
    arguments = [each for each in sys.argv[1:] if each != "--fixtures"]
    work = Path(arguments[0])
    versions = arguments[1:] or VERSIONS
    checkpoint = work / "checkpoint"
    model = make_checkpoint(checkpoint)
    built = work / "built"
    built.mkdir(parents=True, exist_ok=True)
    for version in versions:
        version_dir = install(version, work / "versions")
        for precision, provider in TARGETS:
            folder = built / f"{version}-{precision}-{provider}"
            if not (folder / "genai_config.json").exists():
                build(version_dir, checkpoint, folder, precision, provider)
            store_answers(folder, precision, model)
        wide = built / f"{version}-fp16-cuda-fp32-logits"
        widen_logits(built / f"{version}-fp16-cuda", wide)
        store_answers(wide, "fp16", model)
    if "--fixtures" in sys.argv:
        for name in FIXTURES:
            keep_fixture(built / name)


if __name__ == "__main__":
    main()
