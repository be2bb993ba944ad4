"""PyTorch's own model on the same weights: pytorch.py <folder or GGUF file> <device> <dtype>.

Reads requests as JSON lines, as protocol.ts describes them, and answers each with a line.
"""

import json
import sys
import time
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM

folder, device, dtype = sys.argv[1:4]
torch.set_grad_enabled(False)
place = Path(folder)
options = {"gguf_file": place.name} if place.suffix == ".gguf" else {}
model = (
    AutoModelForCausalLM.from_pretrained(
        place.parent if options else place, dtype=getattr(torch, dtype), **options
    )
    .to(device)
    .eval()
)


def prompt_ids(sequence, length):
    rest = [300 + ((at * 37 + sequence * 101 + (at * at) % 13) % 700) for at in range(length - 1)]
    return [1, *rest]


def wait():
    if device == "cuda":
        torch.cuda.synchronize()


def greedy(prompt, tokens):
    """Among equal logits the lowest id is chosen, as everywhere else; no id ends the answer."""
    cache, step, answer = None, torch.tensor([prompt], device=device), []
    for _ in range(tokens):
        output = model(step, past_key_values=cache, use_cache=True)
        cache = output.past_key_values
        answer.append(int(output.logits[0, -1].argmax()))
        step = torch.tensor([answer[-1:]], device=device)
    return answer


def decode(batch, context, tokens):
    prompts = torch.tensor([prompt_ids(at, context) for at in range(batch)], device=device)
    wait()
    began = time.perf_counter()
    output = model(prompts, use_cache=True, logits_to_keep=1)
    step = output.logits[:, -1].argmax(-1, keepdim=True)
    wait()
    read = time.perf_counter()
    for _ in range(tokens):
        output = model(step, past_key_values=output.past_key_values, use_cache=True)
        step = output.logits[:, -1].argmax(-1, keepdim=True)
    wait()
    seconds = time.perf_counter() - read
    return {"tokensPerSecond": batch * tokens / seconds, "prefillMs": 1000 * (read - began)}


def handle(request):
    if request["do"] == "continue":
        return {"ids": [greedy(prompt, request["tokens"]) for prompt in request["prompts"]]}
    return {"decoded": decode(request["batch"], request["contextTokens"], request["tokens"])}


print(json.dumps("ready"), flush=True)
for line in sys.stdin:
    try:
        answer = handle(json.loads(line))
    except Exception as error:
        answer = {"failed": repr(error)}
    print(json.dumps(answer), flush=True)
