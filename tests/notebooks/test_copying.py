"""The student edition is no answer sheet: nothing that can be read there earns a task's points as a copy."""

import ast

import numpy as np
import pytest

from autograder import regions
from autograder.bundle import copy_parts
from autograder.sealing import seal
from course_lib.demos.parallelism import pipeline
from tests.notebooks import copied_kernels, copying, runner
from tests.notebooks.runner import ROOT, cells, grade_id, is_task, is_test, options, points

pytestmark = [pytest.mark.slow, pytest.mark.needs("compiler")]
MOST_SECONDS = 30  # for a copy and its tests: the grader gives a single call no more
# Tasks with a copy that is found where nothing is sealed: else the search would prove nothing.
OPEN = {
    "q02_sqnr_db": "signal_to_noise",
    "q07_fill_wait": "fill_wait",
    "q01_bias_activation": "bias_activation_vector",
}


@pytest.fixture(scope="session")
def edition(tmp_path_factory):
    """The library as students get it."""
    folder = tmp_path_factory.mktemp("edition")
    copy_parts(ROOT, folder)
    seal(folder)
    return folder


class Trials:
    """Tries copies as the answer to a task of a notebook."""

    def __init__(self, rehearsals, probing, folder):
        self._rehearsals, self._probing, self.folder = rehearsals, probing, folder

    def earns_all(self, path, task, suffix, source) -> bool:
        """Whether this answer earns all points of the task."""
        answer = self.folder / f"answer{suffix}"
        answer.write_text(source, "utf-8")
        try:
            rehearsal = self._rehearsals(path, task)
            said = rehearsal.try_out(task, answer, self.folder / "printed", MOST_SECONDS)
        except RuntimeError:  # it ended its process, or did not come to an end
            return False
        tests = [c for c in cells(path) if is_test(c) and runner.task_of(c) == task]
        return sum(map(points, said.values())) == sum(options(cell)["points"] for cell in tests)

    def full_marks(self, path, task, library) -> list[str]:
        """What of the library in the folder `library` earns all points of a task when it is copied."""
        cell = next(cell for cell in cells(path) if grade_id(cell) == task)
        if regions.is_cuda(cell.source):
            assert self.earns_all(path, task, ".py", copied_kernels.RECORD_LAUNCHES)
            (name, launches), *others = copying.recorded(self.folder / "calls.pickle").items()
            assert not others
            source = cell.source.split("\n", 1)[1]
            tried = [(".cu", text) for text in copied_kernels.kernel_copies(name, source, launches, library)]
        elif classes := [n for n in ast.parse(cell.source).body if isinstance(n, ast.ClassDef)]:
            found = copying.similar_classes(classes[0], library)
            tried = [(".py", copying.COPY_OF_CLASS.format(*where, classes[0].name)) for where in found]
        else:
            names = [node.name for node in ast.parse(cell.source).body if isinstance(node, ast.FunctionDef)]
            assert self.earns_all(path, task, ".py", copying.RECORD_CALLS.format(names=names))
            assert copying.recorded(self.folder / "calls.pickle").keys() == set(names)
            tried = [(".py", copy.source(name)) for name, copy in self._copies(library)]
        return [source for suffix, source in tried if self.earns_all(path, task, suffix, source)]

    def _copies(self, library):
        functions = list(copying.readable_functions(library))
        found = self._probing.copies(self.folder / "calls.pickle", functions, self.folder)
        return [(name, copy) for name, copies in found.items() for copy in copies]


@pytest.fixture
def trials(rehearsals, probing, tmp_path):
    return Trials(rehearsals, probing, tmp_path)


@pytest.mark.parametrize("task", runner.tasks())
def test_nothing_in_the_student_edition_earns_a_tasks_points_when_it_is_copied(task, edition, trials):
    found = trials.full_marks(runner.tasks()[task], task, edition)
    assert found == [], "\n".join(found)


@pytest.mark.parametrize(("task", "name"), OPEN.items())
def test_what_is_not_sealed_is_found(task, name, trials):
    found = trials.full_marks(runner.tasks()[task], task, ROOT)
    assert any(name in source for source in found), found


RESULTS = [None, "a", 1.5, True, [1, 2], (), ((1,), "b"), {"a": 1}, np.ones(3)]


@pytest.mark.parametrize("result", RESULTS, ids=repr)
def test_a_function_that_draws_need_not_be_tried(result):
    assert copying.draws(pipeline.figure)
    assert not copying.draws(pipeline.contents)
    assert not copying.draws(copying.draws)
    drawn = copying.parts(pipeline.figure(4, 4))
    assert drawn.keys() == {"all"}
    assert not copying.same(result, drawn["all"])
    assert not copying.similar(result, drawn["all"])


def test_no_kernel_that_can_be_read_bears_the_name_of_a_task(edition):
    tasks = {cell.source.split("\n", 1)[0].split()[1] for path in runner.NOTEBOOKS for cell in cells(path)
             if is_task(cell) and regions.is_cuda(cell.source)}  # fmt: skip
    assert len(tasks) >= 5
    assert not tasks & {name for _, name in copied_kernels.readable_kernels(edition)}
    assert tasks & {name for _, name in copied_kernels.readable_kernels(ROOT)}
