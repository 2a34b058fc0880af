"""A table that grows while its cell runs is one table in every kind of notebook, and is all there at once."""

import subprocess
import sys

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from nbclient import NotebookClient

from course_lib.notebook.effects import assert_effect
from course_lib.notebook.table import Table

BEGIN = "from course_lib.notebook.effects import assert_effect, report_effect"
TWO = """
report_effect("speed", 2.0, unit="<ms>", note="The product's time.")
print("between")
assert_effect("gain", {gain}, at_least=2, note="Eight words need two more.")
"""
CELLS = [BEGIN + TWO.format(gain=3), TWO.format(gain=1), 'report_effect("again", 1)']


@pytest.fixture(autouse=True)
def empty(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COURSE_EFFECTS", str(tmp_path))


def by_nbclient() -> list[list[dict]]:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    NotebookClient(notebook, timeout=60, kernel_name="python3", allow_errors=True).execute()
    return [cell.outputs for cell in notebook.cells]


def by_the_graders_shell() -> list[list[dict]]:
    code = (
        "import json, sys; from course_lib.examination.shell import prepare; shell = prepare(); "
        "print(json.dumps([shell.run(cell) for cell in json.loads(sys.argv[1])]))"
    )
    import json

    done = subprocess.run([sys.executable, "-c", code, json.dumps(CELLS)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("run", [by_nbclient, by_the_graders_shell])
def test_all_effects_of_a_cell_are_one_table_also_when_the_last_is_not_seen(run):
    seen, unseen, alone = run()
    for outputs, verdict in ((seen, "seen"), (unseen, "NOT SEEN")):
        table, printed, *error = outputs
        html = table["data"]["text/html"]
        assert html.count("<th ") == 4
        assert html.count("<tr>") == 3
        assert f">{verdict}</td></tr></tbody>" in html
        assert "2 &lt;ms&gt;" in html
        assert "The product&#x27;s time." in html
        assert printed["text"] == "between\n"
        assert [output["output_type"] for output in error] == ["error"] * (verdict == "NOT SEEN")
    (table,) = alone
    assert table["data"]["text/html"].count("<tr>") == 2


def test_where_nothing_shown_can_be_changed_every_effect_has_its_table(capsys):
    shell = InteractiveShell.instance()
    try:
        shell.run_cell(CELLS[0])
    finally:
        InteractiveShell.clear_instance()
    said = capsys.readouterr().out
    assert said.count("verdict") == 2
    assert said.index("The product's time.") < said.index("between") < said.index("Eight words")


def test_in_plain_python_too():
    done = subprocess.run([sys.executable, "-c", CELLS[0]], capture_output=True, text=True)
    assert done.stdout.count("verdict") == 2
    assert "<td" not in done.stdout


def test_text_is_aligned_and_a_long_sentence_is_wrapped(capsys):
    sentence = "Without the nonlinearity the network scores no better than the best straight line there is."
    assert_effect("slope", 6.021, 6.02, tolerance=0.1, unit="dB/bit", note=sentence)
    head, rule, first, second = capsys.readouterr().out.splitlines()
    assert head.split() == ["effect", "expected", "measured", "verdict"]
    assert head.index("measured") == first.index("6.021 dB/bit")
    assert f"{first[:60].strip()} {second.strip()}" == sentence
    assert set(rule) == {"-"}


def test_an_empty_cell_of_a_table_keeps_its_place():
    assert str(Table(["", "b"], [["", "1"], ["a", ""]])).splitlines() == ["   b", "----", "   1", "a"]
