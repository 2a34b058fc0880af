"""Formulas without MathJax: set where they are understood, and never more than mathematics and text."""

import re
from html.parser import HTMLParser

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.mathematics import ATTRIBUTES, TAGS, mathml
from autograder.pages import markdown2html
from tests.notebooks.runner import NOTEBOOKS

FORMULA = re.compile(r"\$\$(.+?)\$\$|\$(.+?)\$", re.DOTALL)


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found, self.attributes, self.text = [], set(), ""

    def handle_starttag(self, tag, attributes):
        self.found.append(tag)
        self.attributes |= {name for name, _ in attributes}

    def handle_data(self, data):
        self.text += data


def read(text: str) -> Tags:
    tags = Tags()
    tags.feed(text)
    return tags


def render(source: str) -> str:
    return markdown2html({}, source)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_formula_of_a_notebook_is_set(path):
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            page = render(cell.source)
            assert "$" not in re.sub(r"<code>.*?</code>", "", page, flags=re.DOTALL)
            for match in FORMULA.finditer(cell.source):
                assert "<code>" not in mathml(match[1] or match[2]), match[0]


def test_inline_display_and_environments_are_told_apart():
    page = render("Let $x_1 < 2$ be\n\n$$\\frac{a}{b}$$\n\n\\begin{align}a &= b\\end{align}")
    assert page.count('display="inline"') == 1
    assert page.count('display="block"') == 2
    assert "&lt;" in page or "&#60;" in page
    assert "<mfrac>" in page


@pytest.mark.parametrize(
    "formula",
    [
        r"x \text{<script>alert(1)</script>}",
        r"\text{</mtext></math><img src=x onerror=alert(1)>}",
        r"\href{javascript:alert(1)}{x}",
        r"\style{position:fixed}{x}",
        r"\class{panel}{x}",
        "<img src=x onerror=alert(1)>",
        r"&lt;script&gt;alert(1)&lt;/script&gt;",
        r"\text{&lt;script&gt;}",
        "{" * 3000,
        r"\frac",
        r"\unknown{x}",
        "x" * 5000,
    ],
)
def test_a_formula_can_be_nothing_but_mathematics_and_text(formula):
    tags = read(mathml(formula))
    assert set(tags.found) <= TAGS | {"code"}
    assert tags.attributes <= ATTRIBUTES


@given(st.text(alphabet="\\{}^_&<>\"'=/ abtexhrfm$1#%;", max_size=40))
def test_any_text_between_dollars_gives_allowed_elements_only(formula):
    tags = read(mathml(formula))
    assert set(tags.found) <= TAGS | {"code"}
    assert tags.attributes <= ATTRIBUTES


@pytest.mark.parametrize(
    "source",
    [
        '![$x$ " onerror=alert(1) $\\text{ onerror=alert(1) }$](data:image/png;base64,AAAA)',
        '<a title="$x$ > $y$" href="https://example.org">$z$</a>',
        '[$a$](https://example.org/$b$ "$c$")',
    ],
)
def test_a_formula_in_the_name_of_a_picture_or_link_adds_no_attribute(source):
    tags = read(render(source))
    assert tags.attributes <= ATTRIBUTES | {"src", "alt", "href", "title"}
    assert "onerror" not in tags.attributes
    assert not re.search(r"[0-9a-f]{32}-\d", render(source))


def test_what_is_not_understood_stands_as_it_was_written():
    assert mathml(r"\frac") == r"<code>\frac</code>"
    assert mathml(r"\nosuchcommand{<b>}") == r"<code>\nosuchcommand{&lt;b&gt;}</code>"
