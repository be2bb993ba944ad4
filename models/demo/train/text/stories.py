"""Very short stories. Each keeps the same hero, place and wish throughout."""

import random

from .phrase import expand
from .unknown import THINGS

# The subject in the question, and its name in the story.
HEROES = {
    "a fox": "fox", "a cat": "cat", "a dog": "dog", "a robot": "robot", "a dragon": "dragon", "an owl": "owl", "a mouse": "mouse", "a bear": "bear", "a whale": "whale", "a boat": "boat", "a princess": "princess",
    "a king": "king", "a girl": "girl", "a boy": "boy", "a wizard": "wizard", "a knight": "knight", "a bird": "bird", "a fish": "fish", "a turtle": "turtle", "a rabbit": "rabbit", "a frog": "frog", "a lion": "lion",
    "a horse": "horse", "a wolf": "wolf", "a worker": "worker", "a broker": "broker", "a task": "task", "a gpu": "GPU", "a computer": "computer", "a token": "token", "a queue": "queue", "a star": "star", "a cloud": "cloud",
    "a tree": "tree", "a sailor": "sailor", "a farmer": "farmer", "a baker": "baker", "a pirate": "pirate", "a ghost": "ghost", "a snail": "snail", "a bee": "bee", "an elephant": "elephant", "a penguin": "penguin", "a duck": "duck",
    "a monkey": "monkey", "a witch": "witch", "a giant": "giant", "a train": "train", "a spider": "spider", "a hedgehog": "hedgehog",
}
# Many kinds of things, so that a story can be about a subject that was never trained on.
OTHERS = {thing: thing.split()[1] for thing in THINGS if len(thing.split()) == 2 and thing.split()[0] in ("a", "an")}
PLACES = ["in a quiet forest", "by the sea", "on a high hill", "in a small town", "in a room full of green lamps", "at the end of a long river", "under an old bridge", "in a warm valley", "on a little island", "behind the mountains"]
WISHES = [
    ("see the sea", "walked all night", "saw the first wave in the morning"), ("find a friend", "asked everyone on the way", "met a small owl who was looking for one too"), ("learn to sing", "practised every evening", "sang so well that the whole valley listened"),
    ("count the stars", "climbed the highest hill", "fell asleep happily at a hundred"), ("bring light to the dark house", "carried a small lamp through the rain", "put it into the window for all to see"), ("write a letter to the moon", "looked for the right words", "got an answer made of silver light"),
    ("find the lost key", "looked under every leaf", "found it in the pocket of an old coat"), ("cross the river", "built a little raft", "reached the other side before dark"), ("bake the best bread", "tried again and again", "shared the warm loaf with everyone"),
    ("know what lies behind the hill", "packed some bread and left", "found another hill, and was glad of it"), ("be of use", "waited in the queue without pushing", "was called at last and did the work well"), ("sleep one whole night", "closed every door softly", "dreamt of a calm sea until the morning"),
]
TROUBLES = ["It was cold, and the way was long.", "A storm came, but it passed.", "Many said that it could not be done.", "The wind laughed and blew harder.", "Nobody knew the way.", "It rained for three days."]
SHE = {"girl", "princess", "witch"}
HE = {"boy", "king", "wizard", "knight", "sailor", "farmer", "baker", "pirate"}
ENDS = ["Since then nobody there says that small ones cannot do great things.", "And everyone who passes by still hears of it.", "From that day on the nights were a little brighter.", "That evening all was quiet and good.", "And so the day ended well."]
TRAITS = ["small", "old", "curious", "quiet", "brave", "young", "friendly", "patient"]

ASKS = [
    "[tell|tell me|write|write me|give me|i want|can you tell me|please tell me|can you write|make up|read me|i would like|could you tell me|invent] [a|a short|a very short|a little|a nice|a bedtime|another|one more] [story|tale|fairy tale|story, please]",
    "[story|a story|once upon a time|story time|story please|story?|another story|another one|one more|tell me another]",
]
ASKS_ABOUT = [
    "[tell|tell me|write|write me|give me|i want|can you tell me|please tell me|can you write|make up|i would like|could you tell me] [a|a short|a very short|a little|a nice|a bedtime|another] [story|tale|fairy tale] [about|about|about|of|with|on] {}",
    "[story about {}|a story about {}|a short story about {}|a tale of {}|tell me about {} in a story|once upon a time there was {}]",
]


def story(dice: random.Random) -> tuple[str, str]:
    """The question and the story."""
    heroes = HEROES if dice.random() < 0.85 else OTHERS
    subject = dice.choice(list(heroes))
    hero = heroes[subject]
    place, trait = dice.choice(PLACES), dice.choice(TRAITS)
    wish, way, end = dice.choice(WISHES)
    trouble, close = dice.choice(TROUBLES), dice.choice(ENDS)
    who = "she" if hero in SHE else "he" if hero in HE else "it"
    article = "an" if trait[0] in "aeiou" else "a"
    text = (
        f"Once there was {article} {trait} {hero} who lived {place}. The {hero} wanted to {wish}, so {who} {way}. "
        f"{trouble} But in the end the {hero} {end}. {close}"
    )
    ask = expand(dice.choice(ASKS), dice) if dice.random() < 0.25 else expand(dice.choice(ASKS_ABOUT).replace("{}", subject), dice)
    return ask, text
