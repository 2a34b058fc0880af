"""One process runs a notebook for all that is tried in it, because that stands together and in its order."""

from types import SimpleNamespace

from tests.notebooks.conftest import pytest_collection_modifyitems


class Item:
    """A collected test, as far as its place is decided by what it needs."""

    def __init__(self, *fixtures, **params):
        self.fixturenames, self.callspec = fixtures, SimpleNamespace(params=params)


def test_what_is_tried_in_a_task_stands_together_and_the_rest_stays_in_its_order():
    first, last = object(), Item("tmp_path", path="q01")  # not every item has fixtures
    copies, mistakes = Item("rehearsals", task="q02_quantize"), Item("rehearsals", task="q02_quantize")
    before, other = Item("rehearsals", task="q02_affine_params"), Item("rehearsals", task="q01_collapse")
    items = [first, copies, other, last, before, mistakes]
    pytest_collection_modifyitems(items)
    assert items == [first, other, before, copies, mistakes, last]
