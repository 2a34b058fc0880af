"""What people read here keeps to plain English: notebooks, lectures, demos, messages, pages and comments."""

import pytest

from tests.sentences import ROOT, of_file, of_python, sentences
from tests.wording import RULES, broken

READ = (
    "notebooks/*/*.ipynb",
    "lectures/*.ipynb",
    "course_lib/**/*.py",
    "autograder/**/*.py",
    "kernels/*.cu",
    "docs/*.md",
    "*.md",
    "course",
)
FILES = [path for pattern in READ for path in sorted(ROOT.glob(pattern))]


def said(text: str) -> list[str]:
    return [rule for sentence in sentences(text) for rule in broken(sentence)]


@pytest.mark.parametrize("name", RULES)
def test_a_rule_finds_what_breaks_it_and_lets_the_plain_sentence_pass(name):
    assert name in said(RULES[name].breaks)
    assert said(RULES[name].keeps) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_sentence_keeps_the_rules(path):
    found = [f"{place}: {rule}: {text}" for place, text in of_file(path) for rule in broken(text)]
    assert found == [], "\n" + "\n".join(found)


def test_sentences_are_found_where_people_read_them_and_code_is_left_out():
    text = "# A title\n\nRun `x = 1` now. It costs\n$2^b$ steps.\n\n```\nx = 1\n```\n- an item\n\n| a b |\n"
    assert list(sentences(text)) == ["A title", "Run X now.", "It costs X steps.", "an item", "a b"]


def test_of_a_program_strings_and_comments_are_read_and_values_become_numbers():
    source = '"""What it\ndoes."""\n# One comment\n# of two lines.\nprint(f"{ms} ms a token")  # it is\n'
    read = {sentence for text in of_python(source) for sentence in sentences(text)}
    assert read == {"What it does.", "One comment of two lines.", "7 ms a token", "it is"}
