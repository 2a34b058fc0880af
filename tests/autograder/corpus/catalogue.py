"""All cases of the corpus, family by family."""

from importlib import import_module

from tests.autograder.corpus.case import Case


def _families(kind: str, names: str) -> dict[str, list[Case]]:
    return {
        f"{kind}_{name}": import_module(f"tests.autograder.corpus.{kind}_{name}").CASES
        for name in names.split()
    }


HOSTILE = _families(
    "hostile",
    "points values wire text secrets feedback files process host resources leftovers network browser kernel"
    " compiled",
)
ODD = _families("odd", "output settings functions values cells shell programs files kernel")


def cases(families: dict[str, list[Case]]) -> list[Case]:
    """The cases of several families in one list."""
    return [case for family in families.values() for case in family]
