"""A tiny decoder that knows four sentences by heart, one token per word; trained while one waits."""

import functools

import torch
from torch.nn import functional

from course_lib import seeds, training
from course_lib.arguments import a, between, each, takes
from course_lib.kv_cache.decoder import Decoder, decoder_shape

SENTENCES = (
    "the quick brown fox jumps over the lazy dog .",
    "pack my box with five dozen liquor jugs .",
    "how quickly daft jumping zebras vex .",
    "sphinx of black quartz judge my vow .",
)
TEXT = " ".join(SENTENCES).split()
WORDS = sorted(set(TEXT))
CONTEXT, STEPS = 64, 60


@takes(text=a(str))
def tokens_of(text: str) -> list[int]:
    """The token of each word; raises ValueError for a word that no sentence has."""
    words = text.lower().split()
    if unknown := sorted(set(words) - set(WORDS)):
        raise ValueError(f"the decoder knows the words of four sentences, and not {', '.join(unknown)}")
    return [WORDS.index(word) for word in words]


@takes(tokens=each(between(0, len(WORDS) - 1)))
def text_of(tokens: list[int]) -> str:
    """The words of some tokens. Raises ValueError for a number that stands for no word."""
    return " ".join(WORDS[token] for token in tokens)


@functools.cache
@training.one_thread()
def trained(seed: int = 0) -> Decoder:
    """A decoder of 2 layers of width 64 that goes on with the sentences, in a circle, from any word of them.

    It sees pieces of the endless text that begin anywhere, until it predicts every token it can know.
    """
    random = seeds.stream("kv_cache", "sentences", seed=seed)
    decoder = Decoder(decoder_shape(2, 64, 4, vocabulary=len(WORDS)), seed=seed, context=CONTEXT)
    endless = torch.tensor([WORDS.index(word) for word in TEXT * 4])
    optimizer = training.Adam(decoder.parameters(), lr=4e-3)
    for _ in range(STEPS):
        starts = random.integers(len(TEXT), size=8)
        rows = torch.stack([endless[start : start + CONTEXT + 1] for start in starts])
        logits = decoder(rows[:, :-1])
        # What follows "the" or "my" cannot be known from that word alone.
        loss = functional.cross_entropy(logits[:, 1:].flatten(0, 1), rows[:, 2:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return decoder.requires_grad_(False)
