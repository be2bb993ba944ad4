"""Trains the demo model on what generate_text.py wrote.

    python train.py TEXT_FOLDER CHECKPOINT --minutes 20 [--start EARLIER]

A run is limited by time, because shared machines differ. The learning rate is constant and falls only in the last
part of the run. The weights before that are kept as CHECKPOINT.level, from which another run can continue, also
with other text.
"""

import argparse
import json
import random
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from phi import Phi, Size
from tokens import Example, Tokens

ROWS = 9
ROW_TOKENS = 352
WARM_UP = 60
RATE = 3e-3
# The share of a run in which the learning rate falls.
FALL = 0.4


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("text", type=Path)
    options.add_argument("checkpoint", type=Path)
    options.add_argument("--tokenizer", default=str(Path(__file__).parent.parent / "tokenizer.json"))
    options.add_argument("--minutes", type=float, default=20)
    options.add_argument("--start", type=Path)
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--seed", type=int, default=35)
    given = options.parse_args()

    torch.manual_seed(given.seed)
    torch.set_num_threads(given.threads)
    tokens = Tokens(given.tokenizer)
    examples = read_examples(given.text / "conversations.jsonl", tokens)
    model = Phi(Size(vocabulary=1600))
    if given.start:
        model.load_state_dict(torch.load(given.start))
    print(f"{len(examples)} conversations, {sum(p.numel() for p in model.parameters())} weights", flush=True)
    train(model, examples, given)
    torch.save(model.state_dict(), given.checkpoint)


def read_examples(path: Path, tokens: Tokens) -> list[Example]:
    examples = []
    with open(path) as file:
        for line in file:
            entry = json.loads(line)
            example = tokens.example(entry["turns"], entry["system"])
            if len(example[0]) <= ROW_TOKENS:
                examples.append(example)
    return examples


def train(model: Phi, examples: list[Example], given: argparse.Namespace) -> None:
    matrices = [p for p in model.layers.parameters() if p.dim() == 2]
    chosen = set(matrices)
    others = [p for p in model.parameters() if p not in chosen]
    optimizers = [
        torch.optim.Muon(matrices, lr=RATE, weight_decay=0.05, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(others, lr=RATE, betas=(0.9, 0.98), weight_decay=0.01, fused=True),
    ]
    stream = batches(examples, random.Random(given.seed))
    started, total, seen = time.time(), 0.0, 0
    step, is_falling = 0, False
    while (left := 1 - (time.time() - started) / (60 * given.minutes)) > 0:
        if left < FALL and not is_falling:
            is_falling = True
            torch.save(model.state_dict(), f"{given.checkpoint}.level")
        rate = RATE * min(1, (step + 1) / WARM_UP, left / FALL)
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate
        ids, learnt, mask = next(stream)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            states = model(ids, mask)[:, :-1]
            logits = model.head(states[learnt[:, 1:]])
        loss = F.cross_entropy(logits.float(), ids[:, 1:][learnt[:, 1:]])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        total += loss.item()
        seen += ids.numel()
        step += 1
        if step % 50 == 0:
            print(f"step {step} loss {total / 50:.4f} {seen / (time.time() - started):.0f} tokens/s {time.time() - started:.0f} s", flush=True)
            total = 0.0


def batches(examples: list[Example], dice: random.Random):
    """Rows of several separate conversations: ids, which ids to train on, and the attention mask between them."""
    rows: list[list[Example]] = []
    while True:
        dice.shuffle(examples)
        row, used = [], 0
        for example in examples:
            if used + len(example[0]) > ROW_TOKENS:
                rows.append(row)
                row, used = [], 0
                if len(rows) == ROWS:
                    yield batch(rows)
                    rows = []
            row.append(example)
            used += len(example[0])


def batch(rows: list[list[Example]]) -> tuple[Tensor, Tensor, Tensor]:
    ids = torch.zeros(ROWS, ROW_TOKENS, dtype=torch.long)
    learnt = torch.zeros(ROWS, ROW_TOKENS, dtype=torch.bool)
    # The rest of a row counts as a separate conversation that is not trained on.
    owner = torch.full((ROWS, ROW_TOKENS), -1)
    for at, row in enumerate(rows):
        start = 0
        for index, (example, marks) in enumerate(row):
            end = start + len(example)
            ids[at, start:end] = torch.tensor(example)
            learnt[at, start:end] = torch.tensor(marks)
            owner[at, start:end] = index
            start = end
    past = torch.ones(ROW_TOKENS, ROW_TOKENS, dtype=torch.bool).tril()
    return ids, learnt, ((owner[:, :, None] == owner[:, None, :]) & past)[:, None]


if __name__ == "__main__":
    main()
