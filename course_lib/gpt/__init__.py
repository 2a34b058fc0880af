"""Lab 3: German sentences and their translations, from a grammar in which cases and verbs move words."""

from course_lib.gpt.corpus import Corpus, corpus, minimal_pairs, sentence, tokens
from course_lib.gpt.influence import influence
from course_lib.gpt.transformer import (
    DecoderLM,
    FeedForward,
    MultiHeadAttention,
    TransformerLayer,
    causal_mask,
)

__all__ = [
    "Corpus",
    "DecoderLM",
    "FeedForward",
    "MultiHeadAttention",
    "TransformerLayer",
    "causal_mask",
    "corpus",
    "influence",
    "minimal_pairs",
    "sentence",
    "tokens",
]
