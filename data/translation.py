"""Writes translation.npz: the two translators that the demo of lab 3 shows, with their loss and BLEU.

    python data/translation.py

One is trained with a causal mask, the other without, as lab 3 does it; all seeds are 0. It takes one to two
minutes.
"""

import io
from dataclasses import replace

import numpy as np

from course_lib import seeds
from course_lib.demos.translation.models import FILE, KINDS, Translator, network, packed, unpacked
from course_lib.gpt import Corpus, Vocabulary, bleu, collate, corpus, tokens, train, translate
from course_lib.paths import write_atomically

LAST = 50  # steps whose mean is the loss


def trained(pairs: Corpus, vocabulary: Vocabulary, causal: bool) -> Translator:
    model = network(vocabulary, seeds.stream("lab3", "model", seed=0))
    rows = collate(vocabulary.token_pairs(pairs.train), vocabulary.ids, model.positions.weight.shape[0])
    history = train(model, *rows, causal=causal)
    return Translator(model, causal, float(np.mean(history.loss[-LAST:])), bleu=0.0)


def score(pairs: Corpus, vocabulary: Vocabulary, translator: Translator) -> float:
    german, references = zip(*pairs.unseen, strict=True)
    said = translate(translator.model, vocabulary, german, translator.causal)
    return bleu([tokens(text) for text in said], [tokens(text) for text in references])


if __name__ == "__main__":
    pairs = corpus(seed=0)
    vocabulary = Vocabulary.of(pairs.train)
    translators = {kind: trained(pairs, vocabulary, causal) for kind, causal in KINDS.items()}
    # Those are scored that will be read: their weights have lost some digits.
    vocabulary, translators = unpacked(packed(vocabulary, translators))
    for kind, translator in translators.items():
        translators[kind] = replace(translator, bleu=score(pairs, vocabulary, translator))
        print(f"{kind}: loss {translator.loss:.4f}, BLEU {translators[kind].bleu:.1f}")
    file = io.BytesIO()
    np.savez_compressed(file, **packed(vocabulary, translators))
    write_atomically(FILE, file.getvalue())
