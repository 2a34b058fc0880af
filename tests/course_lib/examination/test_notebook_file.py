"""Of a notebook file only what is graded is read, whatever else is in it and however it is written."""

import json
import tracemalloc

import pytest

from course_lib.examination.notebook_file import MAX_CELLS, MAX_TEXT, TooMuch, contents

CELL = '{"cell_type": "code", "metadata": {"nbgrader": {"grade_id": "a"}}, "source": "x = 1", "outputs": []}'
EMPTY = '{"nbformat": 4, "cells": [%s]}'
# Whatever a notebook may hold beside its text, and nobody reads.
FREIGHT = [
    "[" + "{}," * 100_000 + "{}]",
    "[" * 200_000 + "]" * 200_000,
    '{"a": ' * 50_000 + "1" + "}" * 50_000,
    "1" + "0" * 10_000,
    "NaN",
    "-1e999",
    '"' + "x" * 1_000_000 + '"',
    r'"\ud800 \" ] } \\"',
    '[" ] } ", {"b": "{ ["}]',
]


def read(text: str, encoding: str = "utf-8") -> dict:
    return contents(text.encode(encoding, "surrogatepass"))


@pytest.mark.parametrize("freight", FREIGHT)
def test_what_nobody_reads_is_passed_over_wherever_it_stands(freight):
    cell = CELL.replace("[]}", f'{freight}, "more": {freight}}}').replace(
        '"metadata": {', f'"metadata": {{"deep": {freight}, '
    )
    found = read(f'{{"metadata": {{"x": {freight}}}, "cells": [{cell}], "nbformat": 4, "y": {freight}}}')
    expected = {
        "cell_type": "code",
        "metadata": {"nbgrader": {"grade_id": "a"}},
        "source": "x = 1",
        "outputs": [],
    }
    assert found == {"metadata": {}, "nbformat": 4, "cells": [expected]}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "utf-32-le"])
def test_every_encoding_of_unicode_is_read(encoding):
    text = EMPTY % CELL.replace("x = 1", "größer, 数, 🙂")
    assert read(text, encoding)["cells"][0]["source"] == "größer, 数, 🙂"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "{} {}",
        '{"cells": [1,]}',
        '{"a": 1,}',
        '{"a" 1}',
        "{'a': 1}",
        '{"a": tru}',
        '{"a": 01}',
        '{"a": "\n"}',
        '{"a": [}',
        EMPTY % CELL[:-1],
    ],
)
def test_what_is_no_json_is_refused(text):
    with pytest.raises(ValueError, match="line 1 column"):
        read(text)
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)


def test_a_text_is_what_json_says_it_is():
    for source in ('tab\\t \\u00fc \\ud83d\\ude42 \\\\ \\/ \\"', "\\ud800 alone"):
        cell = CELL.replace("x = 1", source)
        assert read(EMPTY % cell)["cells"][0]["source"] == json.loads(cell)["source"]


def test_a_list_of_lines_is_joined_and_what_is_no_text_in_it_is_left_out():
    found = read(EMPTY % '{"source": ["a\\n", 3, {"x": ["y"]}, "b"], "cell_type": ["co", "de"]}')
    assert found["cells"] == [{"source": "a\nb", "cell_type": "code"}]


def test_of_a_name_that_is_there_twice_the_last_counts():
    assert read('{"nbformat": 3, "nbformat": 4, "cells": [{"source": "a", "source": "b"}]}') == {
        "nbformat": 4,
        "cells": [{"source": "b"}],
    }


@pytest.mark.parametrize(
    ("written", "number"),
    [("4", 4), ("4.0", 4), ("4.5", None), ('"4"', None), ("-4", None), ("1" * 5000, None), ("[4]", None)],
)
def test_a_format_is_a_small_number(written, number):
    assert read(f'{{"nbformat": {written}}}') == {"nbformat": number}


@pytest.mark.parametrize("other", ["3", "null", '"text"', "[[{}]]", '{"a": {"cells": []}}', "true"])
def test_what_is_of_another_type_is_nothing(other):
    kind = contents(other.encode())
    assert kind in (None, {})
    assert read(f'{{"cells": {other}}}')["cells"] in (None, [None])
    assert read(EMPTY % other)["cells"] in ([None], [{}])
    assert read(EMPTY % f'{{"attachments": {other}}}')["cells"][0]["attachments"] in (
        None,
        {"a": {"cells": None}},
    )
    source = read(EMPTY % f'{{"source": {other}}}')["cells"][0]["source"]
    assert source in (None, "", "text")


def test_too_many_cells_and_too_much_text_are_refused_in_one_line():
    with pytest.raises(TooMuch, match=f"more than {MAX_CELLS} cells"):
        read(EMPTY % ", ".join(["{}"] * (MAX_CELLS + 1)))
    sheets = [{"cells": [{}] * (MAX_CELLS // 2)}] * 2
    assert len(read(json.dumps({"worksheets": sheets}))["worksheets"]) == 2
    with pytest.raises(TooMuch, match=f"more than {MAX_CELLS} cells"):
        read(json.dumps({"worksheets": [*sheets, {"cells": [{}]}]}))
    large = '{"source": "' + "x" * (MAX_TEXT // 2) + '"}'
    assert len(read(EMPTY % large)["cells"]) == 1
    with pytest.raises(TooMuch, match="MB without its outputs"):
        read(EMPTY % ", ".join([large] * 3))


def test_what_is_passed_over_takes_no_memory():
    data = (EMPTY % CELL.replace("[]}", "[" + "{}," * 60_000 + "[]]}")).encode()
    tracemalloc.start()
    try:
        contents(data)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        json.loads(data)
        _, built = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 2 * len(data) < built
