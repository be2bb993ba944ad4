"""Phrases with choices: `[a|b]` is a or b, also nested; an empty choice is allowed."""

import random

WRAPS = [
    "{}", "{}", "{}", "{}", "{}", "{}", "{}",
    "please, {}", "hey, {}", "hi, {}", "hello, {}", "ok, {}", "so {}", "and {}", "{}, please",
    "i have a question: {}", "one more thing: {}", "tell me, {}", "quick question: {}", "um, {}",
]


def expand(pattern: str, dice: random.Random) -> str:
    """A random text of the pattern."""
    while (close := pattern.find("]")) >= 0:
        start = pattern.rindex("[", 0, close)
        choice = dice.choice(pattern[start + 1 : close].split("|"))
        pattern = pattern[:start] + choice + pattern[close + 1 :]
    return " ".join(pattern.split()).replace(" ?", "?").replace(" ,", ",")


def as_typed(text: str, dice: random.Random) -> str:
    """A text as people type it, with varying case, punctuation and small typing errors."""
    if dice.random() < 0.35:
        wrap = dice.choice(WRAPS)
        text = text if wrap.endswith("}") else text.rstrip("?.!")
        text = wrap.format(text if text.startswith("I ") else text[:1].lower() + text[1:])
    if dice.random() < 0.45:
        text = text[:1].upper() + text[1:]
    elif dice.random() < 0.35:
        text = text.lower()
    if dice.random() < 0.35:
        text = text.rstrip("?.!")
    elif dice.random() < 0.04:
        text = text.rstrip("?.!") + dice.choice([" ?", "??", "...", "!"])
    if dice.random() < 0.1:
        text = text.replace("'", "")
    if dice.random() < 0.07:
        text = slip(text, dice)
    return text


def slip(text: str, dice: random.Random) -> str:
    """Drops or doubles one letter of a longer word, or swaps it with the next."""
    places = [
        at for at in range(1, len(text) - 2)
        if text[at - 1].isalpha() and text[at].isalpha() and text[at + 1].isalpha()
    ]
    if len(places) < 6:
        return text
    at = dice.choice(places)
    kind = dice.randrange(3)
    if kind == 0:
        return text[:at] + text[at + 1 :]
    if kind == 1:
        return text[:at] + text[at] + text[at:]
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
