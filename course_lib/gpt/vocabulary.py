"""Words of both languages as whole numbers, in one list, behind the tokens that mark a pair's parts."""

import difflib
from collections import Counter
from collections.abc import Iterable, Sequence

from course_lib.gpt.corpus import Pair, sentence, tokens

PADDING, START, SEPARATOR, END, UNKNOWN = range(5)
MARKS = ("<pad>", "<s>", "=", "</s>")  # the tokens with ids 0 to 3
RARE = "<unk>"  # where words are left out, the token with id 4 stands for them


class Vocabulary:
    """`words` by id, `ids` by word; `german` are the words that occur in German sentences.

    A word of a text that is written like one of MARKS, or like RARE, is a word that is not known.
    """

    def __init__(self, words: Iterable[str], german: Iterable[str], rare: bool = False):
        known = tuple(words)
        self.words = (*MARKS, *([RARE] if rare else []), *known)
        self.ids = {word: place for place, word in enumerate(self.words)}
        self.german = frozenset(german)
        self._known, self._rare = frozenset(known), rare

    @classmethod
    def of(cls, pairs: Iterable[Pair], most: int | None = None) -> "Vocabulary":
        """The words of both languages, the most frequent first (ties in alphabetical order).

        With `most`, only so many words are known, and RARE stands for every other one. Raises ValueError for
        no words and for `most` below 1.
        """
        if most is not None and most < 1:
            raise ValueError(f"a vocabulary knows at least 1 word, not {most}")
        german, english = Counter(), Counter()
        for one, other in pairs:
            german.update(tokens(one))
            english.update(tokens(other))
        counts = german + english
        words = sorted(counts.keys() - {*MARKS, RARE}, key=lambda word: (-counts[word], word))[:most]
        if not words:
            raise ValueError("there are no sentences to take words from")
        return cls(words, german.keys() & set(words), rare=most is not None)

    def __len__(self) -> int:
        return len(self.words)

    def tokens(self, text: str) -> list[str]:
        """The words and marks of a sentence of either language; RARE for words that were left out.

        Raises ValueError in one line for an empty sentence, and for a word that is not known where no word
        was left out, with the known word that is most like it.
        """
        return self._checked(text, self._known, "")

    def _checked(self, text: str, known: frozenset[str], where: str) -> list[str]:
        found = tokens(text)
        if not found:
            raise ValueError("the sentence is empty: there is nothing to translate")
        if self._rare:
            return [word if word in known else RARE for word in found]
        for word in found:
            if word not in known:
                near = difflib.get_close_matches(word, sorted(known), n=1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                raise ValueError(f"the model has never seen the word {word!r}{where}{hint}")
        return found

    def token_pairs(self, pairs: Iterable[Pair]) -> list[tuple[list[str], list[str]]]:
        """Each pair as the tokens of its two sentences: what `collate` takes. Raises as `tokens` does."""
        return [(self.tokens(german), self.tokens(english)) for german, english in pairs]

    def encode(self, text: str) -> list[int]:
        """The ids of a sentence's tokens. Raises as `tokens` does."""
        return [self.ids[token] for token in self.tokens(text)]

    def decode(self, ids: Sequence[int]) -> str:
        """The sentence of these ids. Raises ValueError for a number that is no id."""
        for each in ids:
            if not 0 <= each < len(self):
                raise ValueError(f"ids go from 0 to {len(self) - 1}, {each} is none")
        return sentence(self.words[each] for each in ids)

    def prompt(self, german: str, longest: int | None = None) -> list[int]:
        """What a model continues with the translation: START, the German sentence, SEPARATOR.

        Raises ValueError as `tokens` does, also for a word that is known in English only, and for a sentence
        of more than `longest` words and marks.
        """
        found = self._checked(german, self.german, " in a German sentence")
        if longest is not None and len(found) > longest:
            raise ValueError(f"the sentence has {len(found)} words and marks, and the model takes {longest}")
        return [START, *(self.ids[token] for token in found), SEPARATOR]
