"""What a browser would run of a graded notebook, shown as formgrader shows it."""

import io
import re
from html.parser import HTMLParser

import nbformat
from nbconvert.exporters import HTMLExporter
from traitlets.config import Config

from autograder.config import configure

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
    """The page of a graded notebook, with the settings that the course gives nbconvert."""
    config = Config()
    configure(config, __file__)
    notebook = nbformat.read(io.StringIO(executed.decode()), as_version=4)
    return HTMLExporter(config=config).from_notebook_node(notebook)[0]


def active(page: str, payload: str) -> list[str]:
    """Places of `page` in which a browser would run something that contains `payload`."""
    parser = _Active(payload)
    # A browser that runs scripts reads what stands in noscript as text.
    parser.feed(re.sub(r"<noscript.*?</noscript\s*>", "", page, flags=re.I | re.S))
    parser.close()
    found = parser.found
    for formula in LINK_IN_FORMULA.finditer(page):
        if payload in page[formula.start() : formula.start() + 200]:
            found.append(f"a link in a formula: {page[formula.start() : formula.start() + 60]}")
    return found


class _Active(HTMLParser):
    def __init__(self, payload: str):
        super().__init__(convert_charrefs=True)
        self.payload, self.found, self._in_script = payload, [], False

    def handle_starttag(self, tag, attrs):
        values = {name: value or "" for name, value in attrs}
        if tag in ("script", "style"):
            self._in_script = not DATA_TYPES.search(values.get("type", "").lower())
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
