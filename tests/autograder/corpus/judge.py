"""Whether an outcome is the fair one, and what a student could read in it."""

import json
from collections.abc import Iterator

import pytest

from autograder.preprocessors.hide_tests import is_hidden
from tests.autograder.corpus import assignment
from tests.autograder.corpus.case import Case


def unfair(case: Case, result) -> list[str]:
    """What is unfair about the points, in words; nothing when all is fair."""
    automatic = {name: points for name, points in result.points.items() if name != "q00_explain"}
    if case.ungradable is True and not result.reason:
        return ["no reason is given"]
    if case.ungradable is not False and result.reason:
        return [f"{name} got {points}" for name, points in automatic.items() if points]
    found = [f"not graded: {result.reason}"] if result.reason else []
    if result.points.get("q00_explain"):
        found.append(f"the written answer got {result.points['q00_explain']} points from a machine")
    expected = {
        f"q00_{task}_{kind}": points
        for task in assignment.tasks(case.kernel)
        if case.points[task] is not None
        for kind, points in zip(("test", "hidden"), case.points[task], strict=True)
    }
    for name, points in expected.items():
        if result.points.get(name) != pytest.approx(points):
            found.append(f"{name}: {result.points.get(name)} instead of {points:g}")
    limits = {
        f"q00_{task}_{kind}": points
        for task in assignment.tasks(case.kernel)
        for kind, points in zip(("test", "hidden"), assignment.FULL[task], strict=True)
    }
    found += [f"{name} is no test" for name in automatic.keys() - limits.keys()]
    found += [
        f"{n}: {p} of {limits[n]}"
        for n, p in automatic.items()
        if n in limits and not 0 <= (p or 0) <= limits[n]
    ]
    if result.auto_points != pytest.approx(sum(points or 0 for points in automatic.values())):
        found.append(f"the sum is {result.auto_points}")
    return found


def shown_to_the_student(result) -> Iterator[str]:
    """All text of a result that feedback may show: not the cells of hidden tests, whose text it clears."""
    yield result.reason
    if not result.executed:
        return
    notebook = json.loads(result.executed)
    yield from _texts(notebook["metadata"])
    for cell in notebook["cells"]:
        if not is_hidden("".join(cell["source"])):
            yield from _texts(cell)


def outputs(result) -> str:
    """All text of the outputs in a graded notebook."""
    cells = json.loads(result.executed)["cells"] if result.executed else []
    return "\n".join(text for cell in cells for text in _texts(cell.get("outputs", [])))


def leaked(result) -> list[str]:
    """Secrets of hidden tests that a student could read, and words by which an attack says it succeeded."""
    readable = "\n".join(shown_to_the_student(result))
    found = [secret for secret in assignment.SECRETS if secret in readable]
    # The verdict of a hidden test may say what the test's author chose to say, and never an input.
    said = "\n".join(result.messages.values())
    found += [secret for secret in (*assignment.CANARIES, *assignment.INPUTS) if secret in said]
    return found + [
        "BREACH: " + line[:120]
        for line in outputs(result).split("\n")
        if "BREACH" in line and '"BRE"' not in line
    ]


def _texts(value) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, part in value.items():
            yield str(name)
            yield from _texts(part)
    elif isinstance(value, list):
        if value and all(isinstance(part, str) for part in value):
            yield "".join(value)
        else:
            for part in value:
                yield from _texts(part)
