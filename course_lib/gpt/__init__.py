"""Lab 3: German sentences and their translations, from a grammar in which cases and verbs move words."""

from course_lib.gpt.baselines import nearest, word_by_word
from course_lib.gpt.batches import collate
from course_lib.gpt.corpus import Corpus, corpus, minimal_pairs, nested_sentences, sentence, tokens
from course_lib.gpt.generation import decode, next_scores, trace, translate
from course_lib.gpt.influence import influence
from course_lib.gpt.scores import bleu, exact
from course_lib.gpt.training import History, train
from course_lib.gpt.transformer import (
    DecoderLM,
    FeedForward,
    MultiHeadAttention,
    TransformerLayer,
    causal_mask,
)
from course_lib.gpt.vocabulary import END, Vocabulary

__all__ = [
    "END",
    "Corpus",
    "DecoderLM",
    "FeedForward",
    "History",
    "MultiHeadAttention",
    "TransformerLayer",
    "Vocabulary",
    "bleu",
    "causal_mask",
    "collate",
    "corpus",
    "decode",
    "exact",
    "influence",
    "minimal_pairs",
    "nearest",
    "nested_sentences",
    "next_scores",
    "sentence",
    "tokens",
    "trace",
    "train",
    "translate",
    "word_by_word",
]
