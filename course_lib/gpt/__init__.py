"""Lab 3: German sentences and their translations, from a grammar in which cases and verbs move words."""

from course_lib.gpt.corpus import Corpus, corpus, minimal_pairs, sentence, tokens

__all__ = ["Corpus", "corpus", "minimal_pairs", "sentence", "tokens"]
