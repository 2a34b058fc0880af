"""What nbconvert makes of a student's text, for formgrader, feedback and every other page, made safe.

nbgrader's templates put rendered Markdown into the page as it is, whatever `sanitize_html` says; so the
filters themselves are replaced, by names that nbconvert imports (`config.HTMLExporter.filters`).
"""

from jinja2 import pass_context
from nbconvert.filters.markdown_mistune import InvalidNotebook, IPythonRenderer, MarkdownWithMath

from course_lib.examination.safe_html import safe


@pass_context
def markdown2html(context, source: str) -> str:
    """Markdown with formulas and attached pictures as safe HTML; as nbconvert's filter of that name."""
    attachments = context.get("cell", {}).get("attachments", {})
    renderer = _Renderer(escape=False, attachments=attachments, exclude_anchor_links=True)
    return safe(MarkdownWithMath(renderer=renderer).render(source))


class _Renderer(IPythonRenderer):
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
