"""A task's tests need nothing that only another task's tests define: each task is marked alone."""

import builtins
import re
import symtable
from collections import defaultdict

import pytest

from autograder import regions
from tests.notebooks import runner
from tests.notebooks.runner import cells, is_task, is_test, options, task_of

SHELL = {*dir(builtins), "display", "get_ipython"}


def names(source: str) -> tuple[set[str], set[str]]:
    """What a cell defines for the cells below it, and what it needs of those above."""
    if regions.is_cuda(source):
        return set(re.findall(r"__global__\s+void\s+(\w+)", source)), set()
    top = symtable.symtable(re.sub("^%.*$", "", source, flags=re.M), "cell", "exec")
    defined = {one.get_name() for one in top.get_symbols() if one.is_assigned() or one.is_imported()}
    needed, tables = set(), [top]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        needed |= {
            one.get_name() for one in table.get_symbols()
            if one.is_referenced() and (one.is_global() or table is top)
        }  # fmt: skip
    return defined, needed - defined


@pytest.mark.parametrize("path", runner.NOTEBOOKS, ids=runner.name)
def test_a_tasks_tests_define_for_themselves_what_no_cell_outside_of_tests_does(path):
    given, own, missing = set(SHELL), defaultdict(set), {}
    for cell in cells(path):
        if cell.cell_type != "code":
            continue
        defined, needed = names(cell.source)
        if is_test(cell):
            task = task_of(cell)
            if absent := needed - given - own[task]:
                missing[cell.id] = absent
            own[task] |= defined
        elif is_task(cell) or options(cell).get("locked"):
            given |= defined
    assert missing == {}


def test_names_that_a_cell_needs_are_told_from_those_that_it_defines():
    source = "%load_ext x\nimport a.b as c\ndef f(x):\n    y = x + z\n    return [q for q in g(y)]\nw = f(v)"
    assert names(source) == ({"c", "f", "w"}, {"z", "g", "v"})
    assert names("%%cuda\n__global__ void k(int* x) { x[0] = 1; }") == ({"k"}, set())
