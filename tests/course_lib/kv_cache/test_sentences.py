"""The tiny decoder knows its sentences, with a cache and without."""

import pytest

from course_lib.kv_cache import ContiguousCache, generate
from course_lib.kv_cache.sentences import TEXT, text_of, tokens_of, trained


@pytest.mark.parametrize(
    "seed", [0, pytest.param(1, marks=pytest.mark.slow), pytest.param(2, marks=pytest.mark.slow)]
)
def test_the_quizs_words_go_on_with_dog_and_the_rest_follows(seed):
    prompt = tokens_of("The quick brown fox jumps over the lazy")
    decoder = trained(seed)
    new = generate(decoder, prompt, 40, ContiguousCache(decoder.shape, 48))
    assert text_of(new) == " ".join((TEXT * 2)[8:48])
    assert generate(decoder, prompt, 40) == new


def test_an_unknown_word_is_named():
    with pytest.raises(ValueError, match="not cat, sat"):
        tokens_of("the cat sat")
