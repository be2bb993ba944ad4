"""Asks a checkpoint. packages/engine/tools/ask-demo.ts measures accuracy with the engine, which is faster.

    python ask.py CHECKPOINT "What is a task?" ...        answers, greedy and at temperature 0.7
    python ask.py CHECKPOINT --prompts FILE               ids of greedy answers to a JSON list of questions
"""

import json
import sys
from pathlib import Path

import torch

from export import round_weights
from phi import Phi, Size
from tokens import Tokens

TOKENS_MAX = 160
BATCH = 64


class Asked:
    def __init__(self, checkpoint: str) -> None:
        self.tokens = Tokens(str(Path(__file__).parent.parent / "tokenizer.json"))
        state = torch.load(checkpoint)
        model = Phi(Size(vocabulary=state["head.weight"].shape[0]))
        model.load_state_dict(state)
        self.model = round_weights(model).eval()
        self.end = self.tokens.marks["<|end|>"]

    @torch.no_grad()
    def ids(self, asks: list[str], temperature: float = 0, system: str = "") -> list[list[int]]:
        """The answers without the token that ends them. Prompts of equal length run together."""
        answers: list[list[int]] = [[] for _ in asks]
        prompts = [self.tokens.prompt([[ask]], system) for ask in asks]
        lengths: dict[int, list[int]] = {}
        for at, prompt in enumerate(prompts):
            lengths.setdefault(len(prompt), []).append(at)
        for rows in lengths.values():
            for start in range(0, len(rows), BATCH):
                self._run(rows[start : start + BATCH], prompts, answers, temperature)
        return answers

    def _run(self, rows: list[int], prompts: list[list[int]], answers: list[list[int]], temperature: float) -> None:
        ids = torch.tensor([prompts[at] for at in rows])
        open_rows = set(range(len(rows)))
        for _ in range(TOKENS_MAX):
            logits = self.model.head(self.model(ids)[:, -1])
            following = logits.argmax(-1) if temperature == 0 else sample(logits, temperature)
            for row in list(open_rows):
                if following[row] == self.end:
                    open_rows.discard(row)
                else:
                    answers[rows[row]].append(int(following[row]))
            if not open_rows:
                return
            ids = torch.cat((ids, following[:, None]), 1)

    def texts(self, asks: list[str], temperature: float = 0, system: str = "") -> list[str]:
        return [self.tokens.decode(ids) for ids in self.ids(asks, temperature, system)]


def sample(logits: torch.Tensor, temperature: float, top_p: float = 0.95) -> torch.Tensor:
    shares, order = (logits / temperature).softmax(-1).sort(descending=True)
    shares[shares.cumsum(-1) - shares > top_p] = 0
    return order.gather(1, torch.multinomial(shares, 1))[:, 0]


def main() -> None:
    torch.set_num_threads(2)
    torch.manual_seed(1)
    asked = Asked(sys.argv[1])
    if sys.argv[2] == "--prompts":
        print(json.dumps(asked.ids(json.loads(Path(sys.argv[3]).read_text()))))
    else:
        asks = sys.argv[2:]
        for ask, greedy, warm in zip(asks, asked.texts(asks), asked.texts(asks, 0.7)):
            print(f"> {ask}\n  0:   {greedy}\n  0.7: {warm}")


if __name__ == "__main__":
    main()
