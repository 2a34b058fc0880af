"""Every public function of these packages says what it does, and what it raises."""

import ast
import inspect
import re
import textwrap

import pytest

from tests.course_lib import public

THINGS = dict(public.things())
# Says by its signature alone what the base class says in words.
INHERITED = {
    "reserve",
    "append",
    "advance",
    "visible",
    "nbytes",
    "release",
    "forward",
    "reservation",
    "outgrown",
    "line",
    "first",
    "device",
    "dtype",
}


def raises(thing) -> set[str]:
    """Names of the errors that a function, or a class when it is made, raises by itself or by its rules."""
    if inspect.isclass(thing):
        makers = [vars(thing).get(name) for name in ("__init__", "__post_init__")]
        return set().union(*(raises(maker) for maker in makers if inspect.isfunction(maker)))
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(thing))))
    except OSError:  # what a dataclass makes has no source
        return set()
    found = set()
    for node in walk(tree.body[0]):
        if isinstance(node, ast.Raise) and node.exc is not None:
            error = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            found.add(ast.unparse(error))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CHECKS:
            rules = " ".join(ast.unparse(keyword.value) for keyword in node.keywords)
            if node.func.id != "takes" or VALUES.search(rules):
                found.add("ValueError")
    return {error for error in found if error.isidentifier() and error != "NotImplementedError"}


def walk(function: ast.FunctionDef):
    """What a function does itself, without the functions that it defines."""
    yield from (node for decorator in function.decorator_list for node in ast.walk(decorator))
    left = list(function.body)
    while left:
        node = left.pop()
        if not isinstance(node, (ast.FunctionDef, ast.Lambda, ast.ClassDef)):
            yield node
            left += ast.iter_child_nodes(node)


# Rules that look at a value; the others look at its type alone.
VALUES = re.compile(r"POSITIVE|NEGATIVE|COUNT|WHOLE|NUMBER|FINITE|REQUESTS|between|one_of|_drawn")
CHECKS = {"positive", "not_negative", "count", "share", "check_fields", "takes"}


@pytest.mark.parametrize("name", THINGS)
def test_a_public_function_has_a_docstring(name):
    thing = THINGS[name]
    assert thing.__doc__ or name.rsplit(".", 1)[-1] in INHERITED, f"{name} says nothing"


def test_what_a_public_function_raises_stands_in_its_docstring():
    raised = {name: found - {"TypeError"} for name, thing in THINGS.items() if (found := raises(thing))}
    assert raised
    for name, errors in raised.items():
        words = THINGS[name].__doc__ or ""
        for error in errors:
            assert re.search(rf"Raises? as|[Rr]aises? .*?{error}|ValueError", words, re.DOTALL), (
                f"{name} raises {error} and does not say so"
            )
