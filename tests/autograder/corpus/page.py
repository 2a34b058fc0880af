"""What a browser would run of a graded notebook, shown as formgrader and feedback show it."""

import copy
import functools
import io
import re
from html.parser import HTMLParser
from pathlib import Path

import nbformat
from nbconvert.exporters import HTMLExporter
from nbgrader.server_extensions.formgrader.handlers import template_path
from traitlets.config import Config

from autograder.config import configure
from autograder.exporting import PAGES

STYLES = Path(template_path).parent / "static" / "node_modules" / "bootstrap" / "dist" / "css"
TEMPLATES = ("formgrade", "feedback", "lab")
# What formgrader and GenerateFeedback tell their templates besides the notebook.
RESOURCES = {
    **dict.fromkeys(("notebook_id", "assignment_id", "submission_id", "student", "base_url"), "x"),
    **{"last_name": "", "first_name": "", "notebook_path": "x", "index": 0, "total": 1},
    "nbgrader": {"notebook": "x", "score": 0, "max_score": 1, "late_penalty": 0},
}
# Attributes that take an address; a browser runs it when it begins with one of SCHEMES.
ADDRESSES = {
    "href",
    "src",
    "action",
    "formaction",
    "data",
    "xlink:href",
    "content",
    "background",
    "poster",
    "to",
    "values",
}
SCHEMES = re.compile(
    r"(^|url=)(javascript|vbscript|data:(text/html|image/svg|application/x?html|text/xml))", re.I
)
DATA_TYPES = re.compile(r"json|text/x-mathjax-config-data|text/template")
LINK_IN_FORMULA = re.compile(r"\\href\s*\{\s*(javascript|data|vbscript):", re.I)


def rendered(executed: bytes) -> str:
    """The pages of a graded notebook, one after the other, made with the course's settings."""
    notebook = nbformat.read(io.StringIO(executed.decode()), as_version=4)
    return "\n".join(rendered_by(template, notebook) for template in TEMPLATES)


def rendered_by(template: str, notebook, resources: dict | None = None) -> str:
    """The page that one of TEMPLATES makes of a notebook, told RESOURCES and these `resources`."""
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:  # as GetGrades writes it for feedback
            cell.metadata["nbgrader"].update(score=0.0, comment="")
    return _exporter(template).from_notebook_node(notebook, RESOURCES | (resources or {}))[0]


@functools.cache
def _exporter(template: str) -> HTMLExporter:
    config = Config()
    configure(config, __file__)
    config.HTMLExporter.template_name = template
    if template in PAGES:
        config.HTMLExporter.template_file = PAGES[template]
    config.HTMLExporter.extra_template_paths = [str(STYLES)]
    return HTMLExporter(config=config)


def active(page: str, payload: str) -> list[str]:
    """Places of `page` in which a browser would run something that contains `payload`.

    A link in a formula is one, unless MathJax is loaded with its extension Safe, which drops such links.
    """
    parser = _Active(payload)
    # A browser that runs scripts reads what stands in noscript as text.
    parser.feed(re.sub(r"<noscript.*?</noscript\s*>", "", page, flags=re.I | re.S))
    parser.close()
    found = parser.found
    for formula in [] if parser.safe_formulas else LINK_IN_FORMULA.finditer(page):
        if payload in page[formula.start() : formula.start() + 200]:
            found.append(f"a link in a formula: {page[formula.start() : formula.start() + 60]}")
    return found


class _Active(HTMLParser):
    def __init__(self, payload: str):
        super().__init__(convert_charrefs=True)
        self.payload, self.found, self._in_script = payload, [], False
        self._mathjax = []

    @property
    def safe_formulas(self) -> bool:
        """Every MathJax of the page is one that drops links to scripts."""
        return bool(self._mathjax) and all("Safe" in address.rpartition("=")[2] for address in self._mathjax)

    def handle_starttag(self, tag, attrs):
        values = {name: value or "" for name, value in attrs}
        if tag in ("script", "style"):
            self._in_script = not DATA_TYPES.search(values.get("type", "").lower())
            if "mathjax" in values.get("src", "").lower():
                self._mathjax.append(values["src"])
        for name, value in values.items():
            if self.payload not in value:
                continue
            address = re.sub(r"[\x00-\x20]+", "", value)
            runs = name.startswith("on") or name == "srcdoc"
            if runs or (name in ADDRESSES and SCHEMES.search(address) and not self._picture(tag, name)):
                self.found.append(f"<{tag} {name}={value[:60]!r}>")

    def _picture(self, tag: str, name: str) -> bool:
        """A browser runs no script of a picture, however it is written."""
        return tag == "img" and name == "src"

    def handle_data(self, data):
        if self._in_script and self.payload in data:
            self.found.append(f"<script>{data[:60]!r}")

    def handle_endtag(self, tag):
        if tag in ("script", "style"):
            self._in_script = False
