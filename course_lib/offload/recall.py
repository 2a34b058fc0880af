"""Does the chat still know your name? A decoder trained on telling and asking, for caches that may forget.

A chat is a sequence of words. A fact is one word, such as "Ann"; a question is one word, such as "who?", and
its answer is the fact of that kind. All else is small talk.
"""

from collections.abc import Callable, Sequence

import torch
from torch.nn.functional import cross_entropy

from course_lib import seeds, training
from course_lib.arguments import INTEGER, NUMBER, a, between, each, takes
from course_lib.kv_cache import Cache, Decoder, decoder_shape, step

FACTS = {
    "who?": ("Ann", "Bob", "Cem", "Dia", "Eve", "Fay", "Gus", "Hal"),
    "from?": ("Aachen", "Bern", "Cork", "Delft", "Evora", "Florence", "Ghent", "Hanoi"),
    "pet?": ("ant", "bee", "cat", "dog", "emu", "fox", "goat", "hen"),
    "eats?": ("apple", "bread", "cheese", "date", "egg", "fig", "grape", "honey"),
}
SMALL_TALK = (
    *("well", "yes", "no", "maybe", "today", "rain", "sun", "wind", "nice", "really"),
    *("then", "again", "soon", "later", "hm", "oh", "so", "and", "but", "fine"),
)
QUESTIONS = tuple(FACTS)
CHOICES = 8  # facts of a kind
WORDS = (*(word for facts in FACTS.values() for word in facts), *SMALL_TALK, *QUESTIONS)
SHAPE = decoder_shape(layers=2, width=64, heads=2, feed_forward=128, vocabulary=len(WORDS))
TURNS, TURN = 12, 5  # of a chat that is asked about: turns, and words in each
LONGEST = TURNS * TURN  # words of a chat it is trained on


@takes(tokens=each(between(0, len(WORDS) - 1)))
def words(tokens: Sequence[int]) -> list[str]:
    """What the tokens say. Raises ValueError for a number that stands for no word."""
    return [WORDS[token] for token in tokens]


@takes(count=between(1, 10**7), length=NUMBER, random=a(torch.Generator))
def chats(count: int, length: int, random: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Chats (count, length), each with a fact of every kind in a random place, and their facts (count, 4).

    Raises ValueError for chats shorter than the facts.
    """
    if length < len(QUESTIONS):
        raise ValueError(f"{len(QUESTIONS)} facts need as many words, not {length}")
    between(1, 10**6)("length", length)
    count, length = int(count), int(length)
    tokens, facts = _talk(count, length, random)
    places = torch.rand(count, length, generator=random).argsort(-1)[:, : len(QUESTIONS)]
    return tokens.scatter(1, places, facts), facts


def _talk(count: int, length: int, random: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Small talk (count, length), and facts (count, 4) that nobody has told yet."""
    talk = torch.randint(len(SMALL_TALK), (count, length), generator=random) + len(QUESTIONS) * CHOICES
    facts = torch.randint(CHOICES, (count, len(QUESTIONS)), generator=random)
    return talk, facts + CHOICES * torch.arange(len(QUESTIONS))


def asked(kind: int | torch.Tensor) -> int | torch.Tensor:
    """The token of a question, or of a tensor of them."""
    return len(WORDS) - len(QUESTIONS) + kind


@training.one_thread()
def train(seed: int = 0, steps: int = 300, on_step: Callable[[], object] | None = None) -> Decoder:
    """A decoder of SHAPE that has learned to answer, by Adam on fresh chats of up to LONGEST words.

    `on_step` is called after each step.
    """
    decoder = Decoder(SHAPE, seed=seed, context=512)
    with torch.no_grad():
        # Embeddings and positions of size 1 make the first scores so large that training stalls at 80 %.
        decoder.embedding.weight.mul_(0.3)
        decoder.positions.mul_(0.3)
    random = seeds.torch_stream("recall", "train", seed=seed)
    optimizer = training.Adam(decoder.parameters(), lr=3e-3)
    for done in range(steps):
        optimizer.param_groups[0]["lr"] = 3e-3 * (1 - done / steps)
        length = int(torch.randint(8, LONGEST + 1, (1,), generator=random))
        told, facts = chats(16, length, random)
        # All questions follow each chat in random order, so that a chat teaches four answers.
        kinds = torch.rand(facts.shape, generator=random).argsort(-1)
        said = decoder(torch.cat((told, asked(kinds)), 1))[:, length:]
        loss = cross_entropy(said.flatten(0, 1), facts.gather(1, kinds).flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if on_step:
            on_step()
    return decoder.requires_grad_(False)


@takes(count=between(1, 10**7), seed=INTEGER)
def scripted(count: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Chats (count, TURNS · TURN) and their facts (count, 4): fact i is the first word of turn 2 i.

    Raises ValueError for no chats.
    """
    random = seeds.torch_stream("recall", "scripted", seed=seed)
    tokens, facts = _talk(count, LONGEST, random)
    tokens[:, 0 : 2 * TURN * len(QUESTIONS) : 2 * TURN] = facts
    return tokens, facts


@training.one_thread()
def answers(decoder: Decoder, tokens: torch.Tensor, cache: Callable[[], Cache]) -> torch.Tensor:
    """Answers (chats, TURNS, 4) to every question after every turn of chats (chats, TURNS · TURN).

    Each is asked aside, in a new cache that has read the chat so far, so that no answer reminds of its fact.
    """
    said = torch.empty(len(tokens), TURNS, len(QUESTIONS), dtype=torch.long)
    for chat, told in enumerate(tokens.tolist()):
        # One step for all questions of a chat: matrices meet all words at once, each cache its own.
        heard = [
            [*told[: (turn + 1) * TURN], asked(kind)]
            for turn in range(TURNS)
            for kind in range(len(QUESTIONS))
        ]
        said[chat] = step(decoder, heard, [cache() for _ in heard]).argmax(-1).view(said[chat].shape)
    return said
