"""Arithmetic with two numbers of up to two digits. One pair in ten is held out of the training text."""

import random

ASKS = ["{a}{o}{b}", "{a} {o} {b}", "{a} {o} {b} =", "{a}{o}{b}=", "what is {a} {w} {b}?", "what is {a} {o} {b}?", "what is {a}{o}{b}?", "how much is {a} {o} {b}?", "how much is {a} {w} {b}?", "calculate {a} {o} {b}", "compute {a} {w} {b}",
        "what's {a} {o} {b}?", "{a} {w} {b}", "can you calculate {a} {o} {b}?", "tell me {a} {o} {b}", "{a} {w} {b}?", "solve {a} {o} {b}", "please compute {a} {o} {b}", "what does {a} {w} {b} make?", "what is {a} {o} {b}? show the steps.", "{a} {o} {b}?"]
WORDS = {"+": ["plus", "and", "plus"], "-": ["minus", "less", "minus"], "*": ["times", "multiplied by", "times"]}
SIGNS = {"+": ["+"], "-": ["-"], "*": ["*", "*", "x"]}
PHRASES = {
    "+": ["what is the sum of {a} and {b}?", "add {a} and {b}", "{a} added to {b}", "the sum of {a} and {b}", "add {a} to {b}"],
    "-": ["subtract {b} from {a}", "what is the difference of {a} and {b}?", "take {b} from {a}", "what is {b} less than {a}?"],
    "*": ["what is the product of {a} and {b}?", "multiply {a} by {b}", "multiply {a} and {b}", "the product of {a} and {b}"],
}
NUMBERS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty".split()
TOO_MUCH = ["I can only add, subtract and multiply two numbers of up to two digits each."]


def is_held_out(a: int, sign: str, b: int) -> bool:
    return a > 9 and b > 9 and (a * 7 + b * 13 + "+-*".index(sign) * 3) % 10 == 0


def answer(a: int, sign: str, b: int) -> str:
    """The steps that let a small model find the result: tens and ones separately, as on paper."""
    if a < 10 and b < 10:
        return f"{a} {sign} {b} = {apply(a, sign, b)}."
    (tens, ones), (others, rest) = (a - a % 10, a % 10), (b - b % 10, b % 10)
    if sign == "*":
        pairs = [(x, y) for x in ((tens, ones) if a > 9 else (ones,)) for y in ((others, rest) if b > 9 else (rest,))]
        steps = [" + ".join(f"{x} * {y}" for x, y in pairs), " + ".join(str(x * y) for x, y in pairs)]
        if len(pairs) == 4:
            steps.append(f"{tens * b} + {ones * b}")
    else:
        steps = [f"{tens} {sign} {others} + {ones} {sign} {rest}"]
        ones_result = apply(ones, sign, rest)
        steps.append(f"{apply(tens, sign, others)} {'-' if ones_result < 0 else '+'} {abs(ones_result)}")
    return f"{a} {sign} {b} = {' = '.join(steps)} = {apply(a, sign, b)}."


def apply(a: int, sign: str, b: int) -> int:
    return a + b if sign == "+" else a - b if sign == "-" else a * b


def ask(a: int, sign: str, b: int, dice: random.Random) -> str:
    if a <= 20 and b <= 20 and dice.random() < 0.3:
        word = dice.choice(WORDS[sign])
        pattern = dice.choice(["what is {} {} {}?", "{} {} {}", "how much is {} {} {}?", "what's {} {} {}?", "calculate {} {} {}"])
        return pattern.format(NUMBERS[a], word, NUMBERS[b])
    pattern = dice.choice(PHRASES[sign]) if dice.random() < 0.12 else dice.choice(ASKS)
    text = pattern.format(a=a, b=b, o=dice.choice(SIGNS[sign]), w=dice.choice(WORDS[sign]))
    text = dice.choice(["{}", "{}", "{}", "{}", "please {}", "hey, {}", "quick: {}", "can you tell me {}", "{} please"]).format(text)
    text = text[:1].upper() + text[1:] if dice.random() < 0.6 else text
    return text.rstrip("?") if dice.random() < 0.2 else text


def number(dice: random.Random) -> int:
    return dice.randrange(10) if dice.random() < 0.22 else dice.randrange(100)


def sum_of_two(dice: random.Random) -> tuple[str, str]:
    while True:
        sign = dice.choice("++--***")
        a, b = (dice.randrange(10), dice.randrange(10)) if dice.random() < 0.25 else (number(dice), number(dice))
        if not is_held_out(a, sign, b):
            return ask(a, sign, b, dice), answer(a, sign, b)


def too_much(dice: random.Random) -> tuple[str, str]:
    a, b, c = dice.randrange(100), dice.randrange(1, 100), dice.randrange(100)
    big, large = dice.randrange(100, 100_000), dice.randrange(100, 10_000)
    sign, other = dice.choice("+-*"), dice.choice("+-*")
    text = dice.choice([f"{big} {sign} {b}", f"{big}{sign}{large}", f"{a} {sign} {large}", f"{a} {sign} {b} {other} {c}", f"{a} / {b}", f"{a} divided by {b}", f"{a}.5 {sign} {b}", f"{a}{sign}{b}{other}{c}", f"{a} % of {b}", f"{a} to the power of {b}"])
    return dice.choice(["{}", "{}", "what is {}?", "how much is {}?", "calculate {}"]).format(text), dice.choice(TOO_MUCH)
