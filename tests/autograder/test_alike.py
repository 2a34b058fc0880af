"""A copy of the library is known through new names, another order and an added line; an own answer is not."""

import ast
import re
import textwrap
import time
from collections import Counter

import pytest

from autograder import alike, library, regions
from autograder.alike import kernel_statements, library_statements, python_statements, size, taken_from
from course_lib.paths import ROOT
from tests.notebooks import runner

MISTAKES = sorted(path for path in runner.MUTANTS.glob("*/*") if path.is_file())


def copied(path, answer) -> str:
    """An answer of the library as somebody may hand it in."""
    if path.suffix == ".py":
        return copied_function(textwrap.dedent(answer.head + answer.code))
    end = answer.code.rindex("}")
    return renamed(answer.code[:end] + "    return;\n" + answer.code[end:])


def copied_function(text: str) -> str:
    """Other names, arguments in another order, no docstring, a line more, comments on each line."""
    tree = ast.parse(text)
    (function,) = tree.body
    names = {name: f"own_{number}" for number, name in enumerate(sorted(set(alike._bound(tree))))}
    arguments = function.args
    arguments.args.reverse()
    arguments.defaults = []
    function.body[0] = ast.parse("print('mine')").body[0]
    for node in ast.walk(tree):
        for field in ("id", "arg", "name"):
            if isinstance(getattr(node, field, None), str) and not isinstance(node, ast.keyword):
                setattr(node, field, names.get(getattr(node, field), getattr(node, field)))
        if isinstance(node, ast.Nonlocal):
            node.names = [names[name] for name in node.names]
    return "# my own\n" + ast.unparse(ast.fix_missing_locations(tree)).replace("\n", "  # so\n")


def renamed(kernel: str) -> str:
    """Variables of a kernel under other names, comments, and everything in as few lines as there can be."""
    kernel = re.sub(r"//[^\n]*", "", kernel)
    head, body = kernel.split("{", 1)
    declared = (
        set(re.findall(r"(?:\*|int|float|float4|size_t|largest|half)\s*(\w+)\s*[=,;)\[]", head + body))
        - alike.WORDS
    )
    for name in declared:
        kernel = re.sub(rf"(?<![\w.]){name}\b(?!\()", f"own_{name}", kernel)
    lines = [line if line.lstrip().startswith("#") else line.strip() for line in kernel.splitlines()]
    return "%%cuda mine\n/* mine */ " + "\n".join(lines)


@pytest.fixture(scope="module")
def known() -> dict[str, Counter[str]]:
    """What the library's answers and kernels do."""
    return library_statements(ROOT)


def test_every_answer_of_the_library_is_known_whatever_it_is_called(known):
    looked_for = {
        name: (path, answer)
        for path in library.files(ROOT)
        for answer in library.answers(path)
        if (name := f"{answer.name} in {path.relative_to(ROOT).as_posix()}") in known
    }
    assert len(looked_for) > 80
    for name, (path, answer) in looked_for.items():
        text = copied(path, answer)
        found = python_statements(text) if path.suffix == ".py" else kernel_statements(text)
        assert name in taken_from(known, found), text


def test_the_notebooks_own_answers_are_not_taken_from_the_library(known):
    solutions = [cell for path in runner.NOTEBOOKS for cell in filter(runner.is_task, runner.cells(path))]
    assert len(solutions) > 80
    for cell in solutions:
        read = kernel_statements if regions.is_cuda(cell.source) else python_statements
        assert taken_from(known, read(cell.source)) == [], runner.grade_id(cell)
        assert size(read(cell.source)) > 0, runner.grade_id(cell)


def test_nor_are_the_mistakes_that_students_make(known):
    taken = {}
    for path in MISTAKES:
        read = kernel_statements if path.suffix == ".cu" else python_statements
        if found := taken_from(known, read(path.read_text("utf-8"))):
            taken[path.name] = found
    assert len(MISTAKES) > 400
    assert taken == {}


def test_another_statement_is_another_answer():
    text = (
        "def f(a, b):\n    total = sum(a) + {}\n    for x in b:\n        total += x * total\n    return total"
    )
    own, other = python_statements(text.format("1")), python_statements(text.format("2"))
    assert own == Counter(["v0 = sum(v1) + 1", "for v0 in v1:", "v0 += v1 * v0", "return v0"])
    assert size(own & other) == size(own) - len("v0 = sum(v1) + 1")
    assert taken_from({"f": own}, other) == []


def test_what_stands_behind_a_header_is_a_statement_in_braces_or_not():
    bare = kernel_statements("__global__ void k(int* x) { if (x[0]) x[1] = 2; else x[1] = f(3); }")
    braced = kernel_statements("__global__ void k(int* y) { if (y[0]) { y[1] = 2; } else { y[1] = f(3); } }")
    assert bare == braced
    assert bare["v0 [ 1 ] = function ( 3 )"] == 1


def test_what_cannot_be_read_is_nobodys_and_takes_no_time(known):
    started = time.process_time()
    for source in (
        "def f(:",
        "%matplotlib inline\n\\",
        "(" * 5000,
        "x = " + "-" * 15_000 + "1",
        "\0",
        "'" * 19_999,
    ):
        assert size(python_statements(source)) == 0
    for source in (
        "/* " * 6000,
        '"\\' * 9000,
        "f(" * 9000,
        "{" * 19_999,
        "#" * 19_999,
        ")" * 9999,
        "f(a" * 6000,
    ):
        assert taken_from(known, kernel_statements(source)) == []
    assert kernel_statements("x = 1; " * 10_000) == python_statements("x = 1; " * 10_000) == Counter()
    assert time.process_time() - started < 20
