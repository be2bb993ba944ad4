"""Builds a tiny folder of each family with Microsoft's model builder (onnxruntime-genai), and stores
beside each how transformers continues some prompts in float64, without a cache. The tests open them
from packages/engine/fixtures/families; each gets a tokenizer and a chat template there.

The set-up is that of build-genai-folders.py, which this uses:

    /tmp/genai/bin/python packages/engine/tools/build-family-folders.py /tmp/family-folders
"""

import importlib.util
import shutil
import sys
from pathlib import Path

import torch
from transformers import LlamaConfig, LlamaForCausalLM, Phi3Config, Phi3ForCausalLM, Qwen2Config, Qwen2ForCausalLM

spec = importlib.util.spec_from_file_location("genai_folders", Path(__file__).with_name("build-genai-folders.py"))
genai = importlib.util.module_from_spec(spec)
spec.loader.exec_module(genai)

VERSION = "0.18.0"
FIXTURES = genai.ENGINE / "fixtures" / "families"
# The vocabularies that the tests learn have fewer ids.
VOCABULARY = 448
COMMON = dict(
    vocab_size=VOCABULARY, hidden_size=64, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
    num_key_value_heads=1, max_position_embeddings=128, tie_word_embeddings=True, initializer_range=0.3,
    bos_token_id=0, eos_token_id=0, pad_token_id=0,
)
ROTATED = 8
FAMILIES = {
    # Phi-4-mini: groups of heads, a part of each head rotates, LongRoPE, a shared head.
    "phi4": lambda: Phi3ForCausalLM(Phi3Config(
        **COMMON, original_max_position_embeddings=genai.SWITCH, rope_theta=10000.0, partial_rotary_factor=0.5,
        sliding_window=262144, rope_scaling={
            "type": "longrope",
            "short_factor": [1.0 + 0.02 * at for at in range(ROTATED)],
            "long_factor": [1.2 + 0.9 * at for at in range(ROTATED)],
        })),
    # Llama 3.2: scaled frequencies.
    "llama3": lambda: LlamaForCausalLM(LlamaConfig(**COMMON, rope_theta=500000.0, rope_scaling={
        "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 32})),
    # Qwen 2.5: biases of queries, keys and values.
    "qwen2": lambda: Qwen2ForCausalLM(Qwen2Config(**COMMON, rope_theta=1000000.0)),
}


def make_checkpoint(name: str, path: Path) -> torch.nn.Module:
    torch.manual_seed(36)
    model = FAMILIES[name]().eval()
    for parameter_name, parameter in model.named_parameters():
        if parameter_name.endswith("bias"):
            torch.nn.init.normal_(parameter, std=0.5)
    model.save_pretrained(path)
    for file in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(genai.FIXTURE_DIR / "tokenizer" / file, path)
    return model.double()


def main() -> None:
    work = Path(sys.argv[1])
    version_dir = genai.install(VERSION, work / "versions")
    (work / "built").mkdir(parents=True, exist_ok=True)
    for name in FAMILIES:
        model = make_checkpoint(name, work / f"checkpoint-{name}")
        folder = work / "built" / name
        if not (folder / "genai_config.json").exists():
            genai.build(version_dir, work / f"checkpoint-{name}", folder, "fp32", "cpu")
        genai.store_answers(folder, "fp32", model, switch=genai.SWITCH if name == "phi4" else 128)
        genai.keep_fixture(folder, FIXTURES)


main()
