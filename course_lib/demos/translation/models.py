"""The two translators that the course comes with, so that the demo opens at once."""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from course_lib.gpt.transformer import DecoderLM, Random
from course_lib.gpt.vocabulary import MARKS, Vocabulary
from course_lib.paths import ROOT

FILE = ROOT / "data" / "translation.npz"  # written by data/translation.py
KINDS = {"a causal mask": True, "no mask": False}  # whether the model sees only the tokens before


@dataclass(frozen=True)
class Translator:
    """A trained model, its loss in the last steps of training, and its BLEU (0 to 100) on held-out pairs."""

    model: DecoderLM
    causal: bool
    loss: float
    bleu: float


def network(vocabulary: Vocabulary, rng: Random = None) -> DecoderLM:
    """The model of lab 3, untrained; without a generator, its weights are to be set."""
    return DecoderLM(len(vocabulary), positions=48, width=64, heads=4, layers=2, hidden=128, rng=rng)


@functools.cache
def shipped() -> tuple[Vocabulary, dict[str, Translator]]:
    """The vocabulary that both translators share, and the translators by their names in KINDS."""
    with np.load(FILE) as arrays:
        return unpacked(arrays)


def packed(vocabulary: Vocabulary, translators: Mapping[str, Translator]) -> dict[str, np.ndarray]:
    """Everything as arrays by name, weights as float16."""
    words = np.array(vocabulary.words[len(MARKS) :])
    arrays = {"words": words, "german": np.array([word in vocabulary.german for word in words])}
    for kind, translator in translators.items():
        arrays |= {f"{kind}/loss": np.array(translator.loss), f"{kind}/bleu": np.array(translator.bleu)}
        for name, parameter in translator.model.named_parameters():
            arrays[f"{kind}/{name}"] = parameter.numpy().astype(np.float16)
    return arrays


def unpacked(arrays: Mapping[str, np.ndarray]) -> tuple[Vocabulary, dict[str, Translator]]:
    """What `packed` packed; the models compute in float32, in eval mode."""
    words = arrays["words"]
    vocabulary = Vocabulary(words.tolist(), words[arrays["german"]].tolist())
    return vocabulary, dict(_translators(arrays, vocabulary))


def _translators(
    arrays: Mapping[str, np.ndarray], vocabulary: Vocabulary
) -> Iterator[tuple[str, Translator]]:
    for kind, causal in KINDS.items():
        model = network(vocabulary)
        names = (name for name, _ in model.named_parameters())
        model.load_state_dict({name: arrays[f"{kind}/{name}"] for name in names})
        model.eval()
        yield kind, Translator(model, causal, float(arrays[f"{kind}/loss"]), float(arrays[f"{kind}/bleu"]))
