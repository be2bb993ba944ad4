"""Builds tiny Phi models with random weights, has llama.cpp convert and quantize them, and stores beside
each file how transformers continues some prompts in float64 on the file's own weights, without a cache.

    git clone https://github.com/ggml-org/llama.cpp /tmp/llama.cpp
    python3 -m venv /tmp/phi && /tmp/phi/bin/pip install torch transformers sentencepiece gguf protobuf
    /tmp/phi/bin/python packages/engine/tools/build-phi-gguf.py /tmp/llama.cpp /tmp/phi-gguf [llama-quantize]
    node --import tsx packages/engine/tools/check-phi-gguf.ts /tmp/phi-gguf/*.gguf

With `llama-quantize` of a build of llama.cpp, files of its mixtures are made too. `--fixtures` keeps the
small files of each shape in packages/engine/fixtures/phi-gguf, which the tests convert.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy
import sentencepiece
import torch
from gguf import GGUFReader, dequantize
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers, Regex
from transformers import Phi3Config, Phi3ForCausalLM

ENGINE = Path(__file__).resolve().parent.parent
FIXTURES = ENGINE / "fixtures" / "phi-gguf"
TEXT = ENGINE / "bench" / "public-domain.txt"
SWITCH = 64
TOKENS = 20
PROMPTS = [[3 + (37 * at + 11 * length) % 360 for at in range(length)] for length in (2, 9, 40, 58, 70)]
MIXTURES = ["F16", "Q8_0", "Q4_0", "Q4_K_M", "Q5_K_M", "Q5_0", "Q5_1", "Q6_K"]

# Phi-3's role tokens in their order, as its configuration lists them.
ROLES = ["<|endoftext|>", "<|assistant|>", "<|placeholder1|>", "<|placeholder2|>", "<|placeholder3|>", "<|placeholder4|>",
         "<|system|>", "<|end|>", "<|placeholder5|>", "<|placeholder6|>", "<|user|>"]
KEEP_SPACE = ["<unk>", "<s>", "<|endoftext|>"]
PHI35_TEMPLATE = (
    "{% for message in messages %}{% if message['role'] == 'system' and message['content'] %}{{'<|system|>\n' + message['content'] + '<|end|>\n'}}"
    "{% elif message['role'] == 'user' %}{{'<|user|>\n' + message['content'] + '<|end|>\n'}}"
    "{% elif message['role'] == 'assistant' %}{{'<|assistant|>\n' + message['content'] + '<|end|>\n'}}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% else %}{{ eos_token }}{% endif %}")
PHI4_TEMPLATE = (
    "{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% else %}{{ eos_token }}{% endif %}")
PHI4_TOKENS = ["<|endoftext|>", "<|assistant|>", "<|end|>", "<|user|>", "<|system|>"]
CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
O200K = "|".join([
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+" + CONTRACTION + "?",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*" + CONTRACTION + "?",
    r"\p{N}{1,3}", r" ?[^\s\p{L}\p{N}]+[\r\n/]*", r"\s*[\r\n]+|\s+(?!\S)|\s+"])


# Encoded by SentencePiece itself.
TEXTS = ["Hi", " Hi", "  Hi  there ", "\n", "\nHi\n\n", "a\tb\r\n", "12,345.67", "<|user|>", "</s>", "<0x41>", "▁x ▁", "The tasks of the worker.",
         "naïve café", "Ελληνικά", "Русский язык", "עברית", "العربية", "हिन्दी", "বাংলা", "ไทย", "ქართული", "Հայերեն", "አማርኛ", "中文字", "日本語のテキスト", "한국어",
         "தமிழ்", "🚀👩‍👩‍👧", "\u00a0\u2003x", "𝒜𝓑", "e\u0301", "\ufeffx", "aaaaaaaaaaaa", "    if (x) {\n        return;\n    }"]


def longrope(half: int) -> dict:
    return {"type": "longrope", "short_factor": [1.0 + 0.02 * at for at in range(half)],
            "long_factor": [1.2 + 0.9 * at for at in range(half)]}


def common(width: int) -> dict:
    return dict(vocab_size=448, hidden_size=width, intermediate_size=width, num_hidden_layers=2, num_attention_heads=2,
                max_position_embeddings=128, original_max_position_embeddings=SWITCH, rms_norm_eps=1e-5, rope_theta=10000.0,
                initializer_range=0.3 if width == 64 else 0.15, bos_token_id=1, pad_token_id=0)


# Phi-3.5-mini, Phi-4-mini (groups of heads, a part of each head rotates, a shared head), Phi-3-mini-4k (one table, a window).
SHAPES = {
    "phi3.5": lambda width: Phi3Config(**common(width), num_key_value_heads=2, eos_token_id=384, tie_word_embeddings=False,
                                       sliding_window=262144, rope_scaling=longrope(width // 4)),
    "phi4-mini": lambda width: Phi3Config(**common(width), num_key_value_heads=1, eos_token_id=0, tie_word_embeddings=True,
                                          sliding_window=262144, partial_rotary_factor=0.5, rope_scaling=longrope(width // 8)),
    "phi3-4k": lambda width: Phi3Config(**{**common(width), "original_max_position_embeddings": 128}, num_key_value_heads=2,
                                        eos_token_id=384, tie_word_embeddings=False, sliding_window=24),
}


def train_sentencepiece(folder: Path) -> None:
    sentencepiece.SentencePieceTrainer.train(
        input=str(TEXT), model_prefix=str(folder / "tokenizer"), model_type="bpe", vocab_size=384, byte_fallback=True,
        normalization_rule_name="identity", remove_extra_whitespaces=False, split_digits=True, allow_whitespace_only_pieces=True,
        unk_id=0, bos_id=1, eos_id=2, pad_id=-1, minloglevel=2)
    entry = lambda content: {"content": content, "lstrip": False, "normalized": False, "rstrip": content not in KEEP_SPACE,
                             "single_word": False, "special": content != "</s>"}
    added = {0: "<unk>", 1: "<s>", 2: "</s>", **{384 + at: role for at, role in enumerate(ROLES)}}
    (folder / "added_tokens.json").write_text(json.dumps({role: 384 + at for at, role in enumerate(ROLES)}))
    (folder / "tokenizer_config.json").write_text(json.dumps({
        "add_bos_token": False, "add_eos_token": False, "tokenizer_class": "LlamaTokenizer", "legacy": False,
        "added_tokens_decoder": {str(at): entry(content) for at, content in added.items()},
        "bos_token": "<s>", "eos_token": "<|endoftext|>", "pad_token": "<|endoftext|>", "unk_token": "<unk>",
        "chat_template": PHI35_TEMPLATE}))


def store_ids(folder: Path, path: Path) -> None:
    processor = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
    stored = [{"text": text, "ids": processor.encode(text)} for text in TEXTS]
    path.write_text(json.dumps(stored, separators=(",", ":"), ensure_ascii=False) + "\n")


def train_byte_level(folder: Path) -> None:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(O200K), "removed", invert=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=400, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train([str(TEXT)], trainer)
    tokenizer.add_special_tokens(PHI4_TOKENS)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "GPT2Tokenizer", "bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>",
        "chat_template": PHI4_TEMPLATE}))


def make_checkpoint(shape: str, width: int, folder: Path) -> Phi3Config:
    torch.manual_seed(37)
    config = SHAPES[shape](width)
    shutil.rmtree(folder, ignore_errors=True)
    model = Phi3ForCausalLM(config).eval()
    for name, parameter in model.named_parameters():
        if "norm" in name:
            torch.nn.init.normal_(parameter, mean=1.0, std=0.1)
    model.save_pretrained(folder)
    (train_byte_level if shape == "phi4-mini" else train_sentencepiece)(folder)
    return config


def convert(llama: Path, checkpoint: Path, out: Path, kind: str) -> None:
    # The converter finds the name of a byte-level split by a hash of the published vocabulary.
    patch = ("import sys, runpy; sys.path[:0] = [sys.argv[1], sys.argv[1] + '/gguf-py']; import conversion.base as b; "
             "b.TextModel.get_vocab_base_pre = lambda self, tokenizer: 'gpt-4o'; "
             "sys.argv = sys.argv[2:]; runpy.run_path(sys.argv[0], run_name='__main__')")
    subprocess.run([sys.executable, "-c", patch, str(llama), str(llama / "convert_hf_to_gguf.py"), str(checkpoint), "--outfile", str(out),
                    "--outtype", kind], check=True, stderr=subprocess.DEVNULL)


def load(path: Path, config: Phi3Config) -> torch.nn.Module:
    """The model with the weights of the file."""
    model = Phi3ForCausalLM(config).eval().double()
    names = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head", "attn_norm": "input_layernorm",
             "attn_qkv": "self_attn.qkv_proj", "attn_output": "self_attn.o_proj", "ffn_norm": "post_attention_layernorm",
             "ffn_up": "mlp.gate_up_proj", "ffn_down": "mlp.down_proj"}
    state = model.state_dict()
    for tensor in GGUFReader(path).tensors:
        parts = tensor.name.removesuffix(".weight").split(".")
        if parts[-1] not in names:
            continue
        name = (f"model.layers.{parts[1]}." if parts[0] == "blk" else "") + names[parts[-1]] + ".weight"
        state[name] = torch.tensor(dequantize(tensor.data, tensor.tensor_type).astype(numpy.float64)).reshape(state[name].shape)
    if config.tie_word_embeddings:
        state["lm_head.weight"] = state["model.embed_tokens.weight"]
    model.load_state_dict(state)
    return model


def store_answers(path: Path, config: Phi3Config) -> None:
    model = load(path, config)
    probes = list(range(0, config.vocab_size, 56))
    switch = SWITCH if config.rope_parameters.get("long_factor") else 128
    answers = []
    for prompt in PROMPTS:
        ids, logits = list(prompt), []
        for _ in range(TOKENS):
            with torch.no_grad():
                row = model(torch.tensor([ids]), use_cache=False).logits[0, -1].numpy()
            logits.append([round(float(row[at]), 4) for at in probes])
            ids.append(int(row.argmax()))
        answers.append({"prompt": prompt, "continued": ids[len(prompt):], "logits": logits})
    stored = {"precision": "fp32", "switch": switch, "probes": probes, "answers": answers}
    path.with_suffix(".json").write_text(json.dumps(stored, separators=(",", ":")) + "\n")
    print(path.name, flush=True)


def main() -> None:
    keeps = "--fixtures" in sys.argv
    llama, work, *quantize = [each for each in sys.argv[1:] if each != "--fixtures"]
    llama, work = Path(llama), Path(work)
    work.mkdir(parents=True, exist_ok=True)
    for shape in SHAPES:
        checkpoint = work / f"checkpoint-{shape}"
        config = make_checkpoint(shape, 64, checkpoint)
        small = work / f"{shape}.gguf"
        convert(llama, checkpoint, small, "q8_0")
        store_answers(small, config)
        if keeps:
            FIXTURES.mkdir(parents=True, exist_ok=True)
            shutil.copy(small, FIXTURES)
            shutil.copy(small.with_suffix(".json"), FIXTURES)
            if shape == "phi3.5":
                store_ids(checkpoint, FIXTURES / "phi3.5-ids.json")
        if not quantize:
            continue
        wide = work / f"checkpoint-{shape}-256"
        config = make_checkpoint(shape, 256, wide)
        source = work / f"{shape}-F32.gguf"
        convert(llama, wide, source, "f32")
        for mixture in MIXTURES:
            path = work / f"{shape}-{mixture}.gguf"
            subprocess.run([quantize[0], str(source), str(path), mixture], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            store_answers(path, config)


main()
