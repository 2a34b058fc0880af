"""What nbconvert makes of a student's text, for formgrader, feedback and every other page, made safe.

nbgrader's templates put rendered Markdown into the page as it is, whatever `sanitize_html` says; so the
filters themselves are replaced, by names that nbconvert imports (`config.HTMLExporter.filters`).
"""

import re
import secrets

from jinja2 import pass_context
from nbconvert.filters.markdown_mistune import InvalidNotebook, IPythonRenderer, MarkdownWithMath

from autograder.mathematics import mathml
from course_lib.examination.safe_html import safe


@pass_context
def markdown2html(context, source: str) -> str:
    """Markdown with formulas and attached pictures as safe HTML; as nbconvert's filter of that name."""
    attachments = context.get("cell", {}).get("attachments", {})
    renderer = _Renderer(escape=False, attachments=attachments, exclude_anchor_links=True)
    return renderer.with_formulas(safe(MarkdownWithMath(renderer=renderer).render(source)))


class _Renderer(IPythonRenderer):
    def __init__(self, **options):
        super().__init__(**options)
        # A word that nobody can have written holds the place of each formula while the rest is made safe.
        self._word, self._formulas = secrets.token_hex(16), []

    def with_formulas(self, text: str) -> str:
        """`text`, made safe, with formulas in their places; one in a tag, as in a picture's name, goes."""

        def put(match: re.Match) -> str:
            return self._formulas[int(match[1])] if match[1] else place.sub("", match[0])

        place = re.compile(rf"{self._word}-(\d+)-")
        return re.sub(rf'<(?:"[^"]*"|[^">])*>|{place.pattern}', put, text)

    def _place(self, formula: str) -> str:
        self._formulas.append(formula)
        return f"{self._word}-{len(self._formulas) - 1}-"

    def inline_math(self, body: str) -> str:
        return self._place(mathml(body))

    def block_math(self, body: str) -> str:
        return self._place(mathml(body, display=True))

    def latex_environment(self, name: str, body: str) -> str:
        return self._place(mathml(rf"\begin{{{name}}}{body}\end{{{name}}}", display=True))

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """A picture; where the cell has no attachment of its name, the words that stand for it."""
        try:
            return super().image(text, url, title)
        except InvalidNotebook:  # which would cost the marker the whole page
            return text


def clean_html(element) -> str:
    """HTML outputs and raw cells as safe HTML; as nbconvert's filter of that name."""
    return safe(element.decode() if isinstance(element, bytes) else str(element))


FILTERS = {"markdown2html": "autograder.pages.markdown2html", "clean_html": "autograder.pages.clean_html"}
