"""Writes the training text: conversations.jsonl, held-out.jsonl and vocabulary.txt. The same seed gives the same text.

    python generate_text.py FOLDER [conversations]
"""

import json
import random
import sys
import zlib
from pathlib import Path

from text import arithmetic, small_talk, stories, unknown
from text.phrase import as_typed, expand
from text.runfleet import DIFFERENCE, SHORT, TOPICS

SEED = 35
COUNT = 240_000

Turn = tuple[str, str]


def is_held_out(ask: str) -> bool:
    """One phrasing in twelve is held out of training, whatever its case and punctuation."""
    return zlib.crc32("".join(filter(str.isalnum, ask.lower())).encode()) % 12 == 0


def runfleet(dice: random.Random) -> Turn:
    topic = dice.choice(TOPICS)
    while True:
        ask = expand(dice.choice(topic.asks), dice)
        if not is_held_out(ask):
            return as_typed(ask, dice), dice.choice(topic.answers)


def difference(dice: random.Random) -> Turn:
    first, second = dice.sample(list(SHORT), 2)
    words = [dice.choice([name, name, name.split()[-1], name.split()[-1] + "s" if name.startswith("a") else name]) for name in (first, second)]
    ask = expand(DIFFERENCE.replace("{}", words[0]).replace("{2}", words[1]), dice)
    return as_typed(ask, dice), f"{SHORT[first]}. {SHORT[second]}."


def small(dice: random.Random) -> Turn:
    weights = [3 if len(asks) > 1 or kind in ("thanks", "bye", "greeting") else 1 for kind, asks, _ in small_talk.SMALL_TALK]
    _, asks, answers = dice.choices(small_talk.SMALL_TALK, weights)[0]
    return as_typed(expand(dice.choice(asks), dice), dice), dice.choice(answers)


def hello(dice: random.Random) -> Turn:
    kind = dice.choices(["greeting", "who", "hello-and-who", "thanks", "bye", "can", "how-are-you", "haiku-queue", "sky"], [4, 4, 3, 2, 2, 1, 1, 1, 1])[0]
    _, asks, answers = next(entry for entry in small_talk.SMALL_TALK if entry[0] == kind)
    return as_typed(expand(dice.choice(asks), dice), dice), dice.choice(answers)


def elsewhere(dice: random.Random) -> Turn:
    if dice.random() < 0.2:
        ask, answer = dice.choice(list(small_talk.THANKS_ELSEWHERE.items()))
        return foreign(ask, dice), answer
    greetings, greeting, whos, who = dice.choice(small_talk.LANGUAGES)
    if whos and dice.random() < 0.3:
        return foreign(dice.choice(whos), dice), who
    return foreign(dice.choice(greetings), dice), greeting


def foreign(text: str, dice: random.Random) -> str:
    text = text[:1].upper() + text[1:] if dice.random() < 0.6 else text
    return text + "!" if text[-1].isalpha() and dice.random() < 0.25 else text.rstrip("?") if dice.random() < 0.2 else text


def general(dice: random.Random) -> Turn:
    kind = dice.randrange(4)
    if kind == 0:
        country, city = dice.choice(list(small_talk.CAPITALS.items()))
        ask = expand(f"[what is|what's|tell me|do you know|name] the capital [city|] of {country}?|{country}'s capital?", dice).split("|")[0]
        return as_typed(ask, dice), f"The capital of {country} is {city}."
    if kind == 1:
        pair = dice.choice(small_talk.OPPOSITES)
        word, other = pair if dice.random() < 0.5 else pair[::-1]
        return as_typed(expand(f"[what is|what's|tell me|name|give me] the opposite of {word}?", dice), dice), f"The opposite of {word} is {other}."
    if kind == 2:
        word = dice.choice(list(small_talk.SAY_IN))
        language = dice.choice(list(small_talk.SAY_IN[word]))
        ask = expand(f"[how do you say {word} in {language}|what is {word} in {language}|say {word} in {language}|translate {word} [to|into] {language}|{word} in {language}]?", dice)
        return as_typed(ask, dice), f"In {language.capitalize()} you say: {small_talk.SAY_IN[word][language]}."
    a, b = dice.sample(range(100), 2)
    return as_typed(expand(f"[which is|which number is|what is] [larger|bigger|greater], {a} or {b}?", dice), dice), f"{max(a, b)} is larger than {min(a, b)}."


def named(dice: random.Random) -> list[Turn]:
    name = dice.choice(small_talk.NAMES) if dice.random() < 0.6 else "".join(dice.sample(unknown.SYLLABLES[:40], dice.randrange(2, 4))).capitalize()
    first = (expand(f"[hi, i am {name}|my name is {name}|i'm {name}|hello, my name is {name}|call me {name}|I am {name}]", dice), f"Nice to meet you, {name}! What would you like to know?")
    if dice.random() < 0.4:
        return [first]
    between = [single(dice)] if dice.random() < 0.3 else []
    return [first, *between, (as_typed(expand("[what is my name|who am i|do you know my name|what's my name|do you remember my name]?", dice), dice), f"Your name is {name}.")]


def nameless(dice: random.Random) -> Turn:
    return as_typed(expand("[what is my name|who am i|do you know my name|what's my name|do you remember me]?", dice), dice), "You have not told me your name yet."


def refused(dice: random.Random) -> Turn:
    if dice.random() < 0.35:
        ask = expand(dice.choice(unknown.QUESTIONS), dice)
    else:
        words = dice.sample(unknown.THINGS, 2)
        if dice.random() < 0.3:
            made_up = "".join(dice.sample(unknown.SYLLABLES, dice.randrange(2, 4)))
            words[0] = dice.choice(["a ", "", "the "]) + made_up
        ask = expand(dice.choice(unknown.PATTERNS).replace("{}", words[0]).replace("{2}", words[1]), dice)
    return as_typed(ask, dice), dice.choice(unknown.REFUSALS)


def noise(dice: random.Random) -> Turn:
    words = ["".join(dice.choices(unknown.LETTERS, k=dice.randrange(2, 9))) for _ in range(dice.randrange(1, 5))]
    text = " ".join(words) if dice.random() < 0.8 else "".join(dice.choices("?!.,;:-#*()&%$", k=dice.randrange(1, 6)))
    return text, unknown.NOT_UNDERSTOOD[0]


def long_text(dice: random.Random) -> Turn:
    pieces = [dice.choice(unknown.PIECES) for _ in range(dice.randrange(5, 22))]
    if dice.random() < 0.5:
        pieces = [piece[:1].upper() + piece[1:] for piece in pieces]
    text = dice.choice([". ", ". ", "\n", ", "]).join(pieces)
    before = dice.choice(["", "", "summarise this: ", "translate: ", "what does this say?\n", "please read this.\n\n"])
    return before + text, unknown.TOO_LONG


def other_language(dice: random.Random) -> Turn:
    return foreign(dice.choice(unknown.OTHER_LANGUAGES), dice), unknown.OTHER_LANGUAGE


KINDS = {
    runfleet: 28, arithmetic.sum_of_two: 32, small: 11, hello: 9, elsewhere: 4, general: 4,
    stories.story: 8, refused: 11, noise: 1, arithmetic.too_much: 1.5, nameless: 0.3,
    difference: 3, long_text: 0.5, other_language: 1.5,
}


def single(dice: random.Random) -> Turn:
    return dice.choices(list(KINDS), list(KINDS.values()))[0](dice)


def conversation(dice: random.Random) -> dict:
    if dice.random() < 0.015:
        turns = named(dice)
    else:
        turns = [single(dice) for _ in range(dice.choices([1, 2, 3], [86, 10, 4])[0])]
    system = dice.choice(small_talk.SYSTEM_PROMPTS) if dice.random() < 0.12 else ""
    return {"system": system, "turns": turns}


def held_out(dice: random.Random) -> list[dict]:
    """What the training text does not contain: at most four phrasings per topic, questions by hand, pairs of numbers."""
    found: dict[str, dict] = {}
    for topic in TOPICS:
        mine: set[str] = set()
        for _ in range(3000):
            ask = expand(dice.choice(topic.asks), dice)
            if len(mine) < 4 and is_held_out(ask):
                mine.add(ask)
        found |= {ask: {"group": "held-out ways to ask", "ask": ask, "must": topic.must} for ask in sorted(mine)}
    questions = json.loads((Path(__file__).parent / "questions.json").read_text())
    by_hand = [{"group": "questions by hand", "ask": ask, "must": must} for ask, must in questions]
    sums = []
    for sign in "+-*":
        pairs = [(a, b) for a in range(100) for b in range(100) if arithmetic.is_held_out(a, sign, b)]
        for a, b in dice.sample(pairs, 150):
            right = f"= {arithmetic.apply(a, sign, b)}."
            sums.append({"group": f"held-out pairs, {sign}", "ask": f"What is {a} {sign} {b}?", "must": [right]})
    return [*found.values(), *by_hand, *sums]


def write(folder: Path, count: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    dice = random.Random(SEED)
    words: list[str] = []
    with open(folder / "conversations.jsonl", "w") as file:
        for at in range(count):
            entry = conversation(dice)
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")
            if at < 20_000:
                words += [entry["system"], *(text for turn in entry["turns"] for text in turn)]
    # Digits and punctuation stay separate tokens: sums are learnt digit by digit, and "task" is the same token before a "?".
    text = "".join(letter if letter.isalpha() or letter in " \n" else "\n" for letter in "\n".join(words))
    (folder / "vocabulary.txt").write_text(text)
    with open(folder / "held-out.jsonl", "w") as file:
        for entry in held_out(random.Random(SEED)):
            file.write(json.dumps(entry) + "\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else COUNT)
