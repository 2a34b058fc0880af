"""The exporters of nbgrader's commands and of formgrader: a notebook is read, run and rendered elsewhere.

nbgrader opens a notebook in one place, its exporter's `from_filename`. Here that asks a limited process,
which opens, parses and converts it; this program gets a text of bounded length, for a file or a page.
"""

import functools
import html
import logging
import pickle
from pathlib import Path

import nbformat
from nbconvert.exporters import Exporter, HTMLExporter, NotebookExporter
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder import grade_log, shared_gradebook
from autograder.batch import read_submission
from autograder.handed_in import read_below
from autograder.limited import GRADING, READING, Failed, ask
from autograder.remarks import remarks
from autograder.terminal import visible
from course_lib.examination import messages
from course_lib.examination.notebook_file import MAX_BYTES
from course_lib.examination.submission import read_cells

SUBMITTED = "submitted"  # the folder with what nobody has looked at yet
MOST_WARNINGS, MOST_CHARACTERS = 20, 300
PAGES = {"feedback": "page.html.j2", "formgrade": "marking.html.j2"}  # in templates/, for nbgrader's own
NOT_SHOWN = '<!DOCTYPE html><html><head><meta charset="utf-8"></head><body><p>{}</p></body></html>'


class Elsewhere(Exporter):
    """Converts a notebook file in a limited process. Raises Failed with the reason, one line."""

    limit = READING

    def from_filename(self, filename, resources=None, **_):
        resources = dict(resources or {})
        answer = ask(self.limit, export, self._recipe(), str(filename), resources, grade_log.actor())
        try:
            text, *warnings = messages.names(answer)
        except ValueError:
            raise Failed("the process that read it sent something else than a text") from None
        for warning in warnings:
            self.log.warning("%s", visible(warning))
        return text, resources | {"output_extension": self.file_extension}

    def _recipe(self) -> bytes:
        """What another program makes this exporter from: nbconvert's class, its settings, and the steps.

        Of a step, all settings are told: a template may have set some. Steps that are not enabled stay here.
        """
        base = next(kind for kind in type(self).__mro__ if not issubclass(kind, Elsewhere))
        steps = [
            (type(step), _picklable(step.trait_values(config=True)))
            for step in self._preprocessors
            if step.enabled
        ]
        return pickle.dumps((base, self._settings(), steps))

    def _settings(self) -> dict:
        return _picklable(self.config)


class NotebookElsewhere(Elsewhere, NotebookExporter):
    """For `nbgrader autograde`: what comes back is the notebook for autograded/."""

    limit = GRADING


class PageElsewhere(Elsewhere, HTMLExporter):
    """For feedback: what comes back is a page."""

    def _settings(self) -> dict:
        settings = super()._settings()
        page = dict(settings.get("HTMLExporter", {}))
        if file := PAGES.get(page.get("template_name")):
            settings["HTMLExporter"] = page | {"template_file": file}
        return settings


class ShownElsewhere(PageElsewhere):
    """For formgrader: where there is no page of a submission, one that says why."""

    def from_filename(self, filename, resources=None, **_):
        resources = dict(resources or {})
        if assignment := resources.get("assignment_id"):
            database = CourseDirectory(config=self.config).db_url
            resources["remarks"] = remarks(database, assignment)
        try:
            return super().from_filename(filename, resources)
        except Failed as error:
            reason = f"{Path(filename).name} cannot be shown: {error}."
            return NOT_SHOWN.format(html.escape(reason)), dict(resources or {})


def _picklable(settings: dict) -> dict:
    """`settings` without those that no other program can be told, such as hooks in a file of settings."""
    kept = {}
    for name, value in settings.items():
        try:
            pickle.dumps(value)
        except Exception:  # pickle has no one exception for what it cannot do
            continue
        kept[name] = value
    return kept


def export(recipe: bytes, filename: str, resources: dict, who: str) -> list[str]:
    """In a limited process: the converted notebook, and warnings of the steps.

    A notebook in submitted/ is read as grading reads it, without its outputs. Raises what the steps raise.
    """
    grade_log.act_for(who)
    shared_gradebook.hold_to_it()
    path = Path(filename)
    if path.parts[-4] == SUBMITTED:
        notebook = read_cells(read_submission(path))
    else:
        data = read_below(path.parents[2], *path.parts[-3:], most=MAX_BYTES)
        notebook = nbformat.reads(data.decode(), as_version=4)
    resources["metadata"] = {"name": path.stem, "path": str(path.parent)}
    exporter = _exporter(recipe)
    heard = _Heard()
    exporter.log.addHandler(heard)
    try:
        text, _ = exporter.from_notebook_node(notebook, resources)
    finally:
        exporter.log.removeHandler(heard)
    return [text, *heard.warnings]


@functools.lru_cache(maxsize=8)
def _exporter(recipe: bytes) -> Exporter:
    base, config, steps = pickle.loads(recipe)
    exporter = base(config=Config(config))
    exporter._preprocessors = []  # as nbgrader's own Autograde does between its two passes
    for step, settings in steps:
        exporter.register_preprocessor(step(parent=exporter, **settings))
    return exporter


class _Heard(logging.Handler):
    """Keeps warnings, which nobody would read in the limited process."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.warnings: list[str] = []

    def emit(self, record):
        if len(self.warnings) < MOST_WARNINGS:
            self.warnings.append(record.getMessage()[:MOST_CHARACTERS])
