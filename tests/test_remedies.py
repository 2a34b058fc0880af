"""Whatever a message tells a person to type exists: commands, their options, extras, files."""

import ast
import functools
import re
import shlex
import tomllib
from pathlib import Path

import typer.main

from course_lib.commands.cli import joined

ROOT = Path(__file__).resolve().parents[1]
SOURCES = [
    ROOT / "course",
    *sorted(path for name in ("course_lib", "autograder") for path in (ROOT / name).rglob("*.py")),
]
# Not the program itself: "another ./course is installing".
COMMAND = re.compile(
    r"\./course (?!is |installs)([a-z]+)((?: +(?:--?[a-z-]+|[A-Z][A-Z-]*|\{\w*\}|[a-z]\w*_\w+))*)"
)
OPTION = re.compile(r"(?:add|use|by|with|without|takes|out|and|or) (--[a-z-]+)")
EXTRA = re.compile(r"\.\[([a-z]+)\]\"")


@functools.cache
def messages() -> list[tuple[str, str]]:
    """(file, text) of each string in the sources; what is put into it reads {}."""
    found = []
    for path in SOURCES:
        tree = ast.parse(path.read_text("utf-8"))
        parts = {id(c) for n in ast.walk(tree) if isinstance(n, ast.JoinedStr) for c in n.values}
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                texts = [c.value if isinstance(c, ast.Constant) else "{}" for c in node.values]
                found.append((path.relative_to(ROOT).as_posix(), "".join(map(str, texts))))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
                found.append((path.relative_to(ROOT).as_posix(), node.value))
    return found


COMMANDS = typer.main.get_command(joined()).commands


def options(command: str) -> set[str]:
    return {"--help", "--debug", *(word for parameter in COMMANDS[command].params for word in parameter.opts)}


def test_a_command_that_a_message_names_exists_with_the_options_it_names():
    named = {(file, *found) for file, text in messages() for found in COMMAND.findall(text)}
    unknown = {
        (file, command, words)
        for file, command, words in named
        if command not in COMMANDS
        or not {word for word in shlex.split(words) if word.startswith("-")} <= options(command)
    }
    assert unknown == set()
    assert len(named) >= 20, "nothing is looked at"


def test_an_option_that_a_message_tells_to_use_is_one_of_some_command():
    known = set().union(*map(options, COMMANDS))
    named = {(file, option) for file, text in messages() for option in OPTION.findall(text)}
    assert {(file, option) for file, option in named if option not in known} == set()
    assert len(named) >= 5, "nothing is looked at"


def test_an_extra_that_a_message_tells_to_install_is_declared():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = {(file, extra) for file, text in messages() for extra in EXTRA.findall(text)}
    assert {(file, extra) for file, extra in named if extra not in declared} == set()
    assert named, "nothing is looked at"


def test_a_package_that_a_message_tells_to_install_has_its_pin():
    pinned = {
        line.split("==")[0] for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line
    }
    named = {
        name
        for _, text in messages()
        for name in re.findall(r"pip install -c constraints\.txt ([a-z]\w+)", text)
    }
    assert named
    assert named <= pinned
