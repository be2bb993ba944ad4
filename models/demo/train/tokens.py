"""Turns text into ids exactly as the Tokenizer and the chat template of packages/engine do."""

import json
import re

Example = tuple[list[int], list[bool]]


class Tokens:
    def __init__(self, path: str) -> None:
        with open(path) as file:
            self.json = json.load(file)
        self.vocabulary: dict[str, int] = self.json["model"]["vocab"]
        self.marks = {token["content"]: token["id"] for token in self.json["added_tokens"]}
        self.ranks: dict[tuple[str, str], int] = {}
        for rank, merge in enumerate(self.json["model"]["merges"]):
            self.ranks.setdefault(tuple(merge.split(" ")), rank)
        self.contents = {id: content for content, id in self.vocabulary.items()}
        self.cache: dict[str, list[int]] = {}

    def encode(self, text: str) -> list[int]:
        if text == "":
            return []
        marked = "▁" + text.replace(" ", "▁")
        return [id for word in re.findall("▁*[^▁]+|▁+", marked) for id in self._word(word)]

    def decode(self, ids: list[int]) -> str:
        data = b""
        for id in ids:
            content = self.contents.get(id, "")
            byte = re.fullmatch("<0x([0-9A-F]{2})>", content)
            data += bytes([int(byte[1], 16)]) if byte else content.replace("▁", " ").encode()
        return data.decode(errors="replace")

    def prompt(self, turns: list[list[str]], system: str = "") -> list[int]:
        """The ids up to the start of the answer; the last turn has only a question."""
        ids = self._said("<|system|>", system) if system else []
        for turn in turns:
            ids += self._said("<|user|>", turn[0])
            if len(turn) > 1:
                ids += self._said("<|assistant|>", turn[1])
        return ids + [self.marks["<|assistant|>"], *self.encode("\n")]

    def example(self, turns: list[list[str]], system: str = "") -> Example:
        """A whole conversation, and which of its ids are trained on: the answers and their end tokens."""
        ids: list[int] = []
        learnt: list[bool] = []
        for at, (ask, answer) in enumerate(turns):
            before = self._said("<|system|>", system) if system and at == 0 else []
            before += self._said("<|user|>", ask) + [self.marks["<|assistant|>"]]
            said = self.encode("\n" + answer)
            start = len(self.encode("\n"))
            after = self.encode("\n") if at + 1 < len(turns) else []
            ids += before + said + [self.marks["<|end|>"]] + after
            learnt += [False] * (len(before) + start) + [True] * (len(said) - start + 1) + [False] * len(after)
        return ids, learnt

    def _said(self, mark: str, text: str) -> list[int]:
        return [self.marks[mark], *self.encode("\n" + text), self.marks["<|end|>"], *self.encode("\n")]

    def _word(self, word: str) -> list[int]:
        known = self.cache.get(word)
        if known is None:
            known = self.cache[word] = self._merge(word)
        return known

    def _merge(self, word: str) -> list[int]:
        parts: list[str] = []
        for letter in word:
            parts += [letter] if letter in self.vocabulary else [f"<0x{byte:02X}>" for byte in letter.encode()]
        while len(parts) > 1:
            rank, at = min((self.ranks.get(pair, 1 << 30), at) for at, pair in enumerate(zip(parts, parts[1:])))
            if rank == 1 << 30:
                break
            parts[at : at + 2] = [parts[at] + parts[at + 1]]
        return [self.vocabulary[part] for part in parts]
