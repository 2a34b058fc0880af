"""Functions that are tried find what the library computes once, as they would in a notebook."""

import pytest

from course_lib.demos.quantization import picture
from tests.notebooks import copying
from tests.notebooks.probing import kept


def test_what_is_computed_once_and_kept_is_told_from_what_depends_on_arguments():
    assert list(kept([picture.__name__])) == [picture.trained_network]


@pytest.mark.slow
def test_a_function_is_found_though_it_needs_what_takes_longer_than_a_call_may(
    probing, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    arguments = [4, "channel", 1.0]
    copying.keep("task", arguments, picture.measure(*arguments).error)
    found = probing.copies(tmp_path / "calls.pickle", [(picture.__name__, "measure")], tmp_path)
    assert found == {"task": [copying.Copy(picture.__name__, "measure", (0, 1, 2), "field error")]}
