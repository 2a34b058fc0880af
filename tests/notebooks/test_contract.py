"""What every notebook keeps, so that the grader, the release and a reader can rely on it."""

import ast
import functools
import itertools
import json
import re
from collections import Counter

import pytest

from autograder import library, regions
from course_lib.commands import workspace
from course_lib.examination.assignment import Assignment
from tests.notebooks import runner
from tests.notebooks.runner import cells, grade_id, is_task, is_test, options

MOVEMENTS = ("The question", "Predict", "Play", "Build", "Measure", "Explain")
LONGEST_LINE = 100  # characters of code that JupyterLab shows at 1,280 pixels without a scroll bar
LONGEST_OPEN = 12  # lines of a measuring cell beside which a reader still sees the figure
HIDDEN_ADD = "Hidden tests add: "


def is_folded(cell) -> bool:
    return cell.metadata.get("jupyter", {}).get("source_hidden", False)


def stays_open(cell) -> bool:
    """What a student fills in or plays with, and where prediction and measurement stand side by side."""
    starts = cell.source.startswith(("prediction = ", "demos."))
    return is_task(cell) or starts or "\ncompare_prediction(" in cell.source


each = pytest.mark.parametrize("path", runner.NOTEBOOKS, ids=runner.name)
every = pytest.mark.parametrize("path", runner.EVERY, ids=runner.name)


def test_there_are_notebooks_to_hold_to_the_contract():
    assert runner.NOTEBOOKS


@every
def test_file_is_in_canonical_form_so_that_diffs_show_changes_only(path):
    text = path.read_text("utf-8")
    assert text == json.dumps(json.loads(text), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


@every
def test_no_cell_carries_outputs(path):
    kept = [c.id for c in cells(path) if c.cell_type == "code" and (c.outputs or c.execution_count)]
    assert not kept


@every
def test_ids_are_stable_words_and_no_two_are_equal(path):
    ids = [cell.id for cell in cells(path)]
    assert max(Counter(ids).values()) == 1
    assert not [
        i
        for i in ids
        if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", i) or re.fullmatch(r"[0-9a-f]{8}.*", i)
    ]


@each
def test_grade_ids_are_unique_and_begin_with_the_question(path):
    ids = [grade_id(cell) for cell in cells(path) if grade_id(cell)]
    assert max(Counter(ids).values()) == 1
    assert not [i for i in ids if not i.startswith(f"{runner.prefix(path)}_")]


@each
def test_seven_points_by_code_and_three_by_a_written_answer(path):
    graded = [cell for cell in cells(path) if options(cell).get("grade")]
    by_code = sum(options(cell)["points"] for cell in graded if cell.cell_type == "code")
    by_hand = [options(cell)["points"] for cell in graded if cell.cell_type == "markdown"]
    assert by_code == 7
    assert by_hand == [3]


@each
def test_every_task_has_one_visible_and_one_hidden_test(path):
    tests = [grade_id(cell) for cell in cells(path) if is_test(cell)]
    tasks = [grade_id(cell) for cell in cells(path) if is_task(cell)]
    assert sorted(tests) == sorted(f"{task}_{kind}" for task in tasks for kind in ("test", "hidden"))


@each
def test_hidden_tests_fill_their_cell_and_hold_a_canary_of_their_own(path):
    canaries = []
    for cell in cells(path):
        if not grade_id(cell).endswith("_hidden"):
            assert not regions.find(cell.source, regions.HIDDEN_TESTS), cell.id
            continue
        assert regions.is_whole_cell(cell.source, regions.HIDDEN_TESTS), cell.id
        canaries += re.findall(rf"canary-{runner.prefix(path)}-[0-9a-f]{{8,}}", cell.source)
    assert len(canaries) == len(set(canaries)) == sum(is_task(cell) for cell in cells(path))


@every
def test_no_line_of_code_is_longer_than_a_laptop_shows(path):
    code = [cell for cell in cells(path) if cell.cell_type == "code"]
    long = [(c.id, line) for c in code for line in c.source.split("\n") if len(line) > LONGEST_LINE]
    assert not long


@each
def test_tests_and_long_measurements_come_folded_and_a_students_cells_open(path):
    movement = ""
    for cell in cells(path):
        if cell.cell_type == "markdown":
            movement = (re.findall(r"^## \d · (.+)$", cell.source, re.MULTILINE) or [movement])[-1]
        if cell.cell_type == "markdown" or stays_open(cell):
            assert not is_folded(cell), cell.id
        elif is_test(cell) or (movement == "Measure" and cell.source.count("\n") >= LONGEST_OPEN):
            assert is_folded(cell), cell.id


@every
def test_what_is_folded_says_in_its_first_line_what_it_does(path):
    """JupyterLab shows that line in the place of the cell."""
    for cell in filter(is_folded, cells(path)):
        first = cell.source.split("\n")[0]
        hidden = grade_id(cell).endswith("_hidden")
        assert first == "### BEGIN HIDDEN TESTS" if hidden else re.match(r"# \S.{20,}[.?]$", first), cell.id


@each
def test_what_hidden_tests_add_stands_in_the_text_of_their_task(path):
    """Once, as the last paragraph: in a folded cell nobody would read it."""
    text = ""
    for cell in cells(path):
        if cell.cell_type == "markdown":
            text = cell.source
        elif is_task(cell):
            *above, last = text.split("\n\n")
            assert re.fullmatch(rf"{HIDDEN_ADD}\S.*\.", last), cell.id
            assert HIDDEN_ADD not in "".join(above), cell.id
    told = [cell for cell in cells(path) if HIDDEN_ADD.strip() in cell.source]
    assert [cell.cell_type for cell in told] == ["markdown"] * sum(map(is_task, cells(path)))


@each
def test_every_solution_is_named_after_its_task_and_function_or_class(path):
    number = re.sub(r"^([a-z]+)0*(\d+)$", lambda m: m[1].capitalize() + m[2], runner.prefix(path))
    for cell in filter(is_task, cells(path)):
        labels = [region.label for region in regions.find(cell.source, regions.SOLUTION)]
        assert labels, cell.id
        for label in labels:
            assert re.fullmatch(rf"{number}\.\d+: \w+", label), label
            assert re.search(rf"(def|void|class) {label.split(': ')[1]}[(:]", cell.source), label


@each
def test_test_cells_and_other_locked_cells_cannot_be_edited(path):
    for cell in cells(path):
        if options(cell):
            assert options(cell)["locked"] is not options(cell)["solution"], cell.id


@each
def test_six_movements_stand_in_their_order(path):
    text = "\n".join(cell.source for cell in cells(path) if cell.cell_type == "markdown")
    assert tuple(re.findall(r"^## \d · (.+)$", text, re.MULTILINE)) == MOVEMENTS


@each
def test_legend_follows_the_title(path):
    title, legend = cells(path)[:2]
    assert title.source.startswith("# ")
    assert legend.source.startswith("| letter | meaning | shape |")


@every
def test_notebook_stays_short(path):
    assert len(cells(path)) <= 60


@each
def test_every_task_has_wrong_solutions_enough(path):
    for cell in filter(is_task, cells(path)):
        found = runner.mutants(path, grade_id(cell))
        assert len(found) >= (5 if regions.is_cuda(cell.source) else 3), grade_id(cell)
        assert all(re.match(r"(#|//) [A-Z].*\.\n", file.read_text("utf-8")) for file in found), grade_id(cell)


@each
def test_no_mutant_is_left_without_a_task(path):
    tasks = [grade_id(cell) for cell in cells(path) if is_task(cell)]
    assert sorted(runner.mutants(path)) == sorted(m for task in tasks for m in runner.mutants(path, task))


@every
def test_no_path_of_one_machine_is_written_down(path):
    found = re.findall(r"(?<![\w.:/])/(?:home|Users|root|tmp|work|mnt|opt|usr)/\S*", path.read_text("utf-8"))
    assert not found


@every
def test_every_link_to_a_file_leads_there_in_the_tree_and_in_the_workspace(path):
    """JupyterLab takes what leads above its first folder, the workspace, from that folder on."""
    text = "\n".join(cell.source for cell in cells(path) if cell.cell_type == "markdown")
    text = re.sub(r"`[^`]+`", "", text)
    brought = [(runner.ROOT / "docs").glob(pattern) for pattern in workspace.PAGES]
    there = {*runner.EVERY, *itertools.chain(*brought)}
    links = [link for link in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in link]
    assert [link for link in links if (path.parent / link).resolve() not in there] == []


@each
def test_mark_scheme_stands_in_a_locked_cell_below_the_answer(path):
    found = [i for i, cell in enumerate(cells(path)) if regions.find(cell.source, regions.MARK_SCHEME)]
    answers = [i for i, c in enumerate(cells(path)) if c.cell_type == "markdown" and options(c).get("grade")]
    assert len(found) == len(answers) == 1
    assert found[0] > answers[0]
    assert options(cells(path)[found[0]])["locked"]


@each
def test_model_answer_has_the_length_that_is_asked_for(path):
    from course_lib.notebook.effects import count_words

    answer = next(c for c in cells(path) if c.cell_type == "markdown" and options(c).get("grade"))
    assert 60 <= count_words(answer.source) <= 80


@functools.cache
def refused() -> set[str]:
    """Names of the references that may not be called while a notebook is graded."""
    return {
        node.name
        for path in library.files(runner.ROOT)
        if path.suffix == ".py"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for mark in getattr(node, "decorator_list", ())
        if isinstance(mark, ast.Call) and getattr(mark.func, "id", "") == "reference"
        if not any(word.arg == "guard" for word in mark.keywords)
    }


@each
def test_no_function_of_the_courses_own_cells_calls_what_refuses_while_it_is_graded(path):
    """It would end the cell in `./course check`, and tell students that they have copied."""
    assert "spill" in refused()
    ours = [cell for cell in cells(path) if cell.cell_type == "code" and not is_task(cell)]
    sources = [re.sub("^%.*$", "", cell.source, flags=re.M) for cell in ours if cell.source[:2] != "%%"]
    trees = [ast.parse(source) for source in sources]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    others = {alias.asname or alias.name.split(".")[0] for node in nodes
              if isinstance(node, (ast.Import, ast.ImportFrom))
              if not (getattr(node, "module", None) or "").startswith("course_lib")
              for alias in node.names}  # fmt: skip
    functions = [node for node in nodes if isinstance(node, (ast.FunctionDef, ast.Lambda))]
    called = [call.func.attr for function in functions for call in ast.walk(function)
              if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)
              if ast.unparse(call.func).split(".")[0] not in others]  # fmt: skip
    assert refused().isdisjoint(called)


@each
def test_no_cell_below_all_tests_gives_a_graded_name_another_value(path):
    """It would be run when the notebook is graded, and all cells above it: minutes of training."""
    measuring = Assignment.from_source(path.read_bytes()).measuring
    code = [cell for cell in cells(path) if cell.cell_type == "code"]
    last = max(place for place, cell in enumerate(code) if is_test(cell))
    assert [cell.id for cell in code[last + 1 :] if cell.source.strip() not in measuring] == []
