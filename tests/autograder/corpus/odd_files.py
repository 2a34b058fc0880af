"""Right answers in files that other programs wrote, or wrote differently."""

# ruff: noqa: E501  a case keeps its few lines

import json
import re

from tests.autograder.corpus.assignment import cell
from tests.autograder.corpus.case import NOTHING, Case, fair


def written(name: str, about: str, encode) -> Case:
    """`encode` turns the file's text into bytes."""
    return Case(name, about, encode=encode)


def changed(name: str, about: str, change, **more) -> Case:
    """`change` is what a program did to the notebook's JSON."""
    return Case(name, about, fair(), change=change, **more)


def refused(name: str, about: str, encode, ungradable: bool | None = True) -> Case:
    return Case(name, about, NOTHING, encode=encode, ungradable=ungradable)


def format_4_2(notebook):
    notebook.update(nbformat_minor=2)
    for each in notebook["cells"]:
        each.pop("id")


def newer_minor(notebook):
    notebook.update(nbformat_minor=9, a_new_field={"x": 1})
    for each in notebook["cells"]:
        each["a_new_field"] = [1]


def same_ids(notebook):
    for each in notebook["cells"]:
        each["id"] = "same"


def strange_ids(notebook):
    for number, each in enumerate(notebook["cells"]):
        each["id"] = f"ä {number} " + "x" * 100


def colab(notebook):
    notebook.update(nbformat_minor=0)
    notebook["metadata"].update(colab={"provenance": [], "toc_visible": True}, accelerator="GPU",
                                language_info={"name": "python"})  # fmt: skip
    for number, each in enumerate(notebook["cells"]):
        each["metadata"].update(
            id=each.pop("id"), outputId=f"o{number}", colab={"base_uri": "https://localhost/"}
        )


def vs_code(notebook):
    notebook["metadata"].update(language_info={"name": "python", "version": "3.12.1", "codemirror_mode": {"version": 3}},
                                vscode={"interpreter": {"hash": "31f2aee"}}, orig_nbformat=4)  # fmt: skip
    for each in notebook["cells"]:
        each["metadata"]["vscode"] = {"languageId": "python"}


def jupyterlab(notebook):
    for number, each in enumerate(notebook["cells"]):
        each["metadata"].update(tags=["mine", "raises-exception"], collapsed=True, editable=False, deletable=False,
                                jupyter={"source_hidden": True}, slideshow={"slide_type": "skip"}, trusted=True,
                                execution={"iopub.status.busy": "2026-01-01T00:00:00Z"})  # fmt: skip
        if each["cell_type"] == "code":
            each["execution_count"] = 1000 - number


def skipped_tags(notebook):
    for each in notebook["cells"]:
        each["metadata"]["tags"] = ["skip-execution", "remove_cell", "parameters", "nbval-skip"]


def old_outputs(notebook):
    error = {"output_type": "error", "ename": "NameError", "evalue": "old", "traceback": ["old"]}
    stream = {"output_type": "stream", "name": "stderr", "text": ["an old warning\n"]}
    for each in notebook["cells"]:
        if each["cell_type"] == "code":
            each.update(outputs=[error, stream], execution_count=7)


def lines_as_lists(notebook):
    for each in notebook["cells"]:
        each["source"] = each["source"].splitlines(keepends=True)


def no_kernel(notebook):
    notebook["metadata"] = {}


def other_kernel(notebook):
    notebook["metadata"]["kernelspec"] = {"name": "ml-course", "display_name": "My environment"}


def without_outputs(notebook):
    for each in notebook["cells"]:
        each.pop("outputs", None)
        each.pop("execution_count", None)


def invalid_fields(notebook):
    cell(notebook, "q00_setup")["execution_count"] = "12"
    cell(notebook, "q00_softmax")["outputs"] = None
    cell(notebook, "q00_softmax_test")["collapsed"] = True
    notebook["metadata"]["signature"] = "sha256:0"


def line_ends(end: str):
    def change(notebook):
        for each in notebook["cells"]:
            each["source"] = each["source"].replace("\n", end)

    return change


def non_ascii(notebook):
    each = cell(notebook, "q00_mean_square")
    each["source"] = "π = 3.14159  # größer, 数, 🙂\n" + each["source"].replace("value", "größe")
    cell(notebook, "q00_explain")["source"] = "Der größte Wert 🙂 — الأكبر — 最大\u202e\u0000"


def long_lines(notebook):
    each = cell(notebook, "q00_mean_square")
    each["source"] = "# " + "x" * 1_000_000 + "\n" + "numbers = [" + "1, " * 20_000 + "]\n" + each["source"]


def spaces(notebook):
    for each in notebook["cells"]:
        if each["cell_type"] == "code":
            each["source"] = (
                "\n\n" + "\n".join(line + "   " for line in each["source"].split("\n")) + "\n\n\n"
            )


def attachments(notebook):
    picture = {"plot.png": {"image/png": "iVBORw0KGgo=" * 1000}}
    cell(notebook, "q00_explain").update(
        attachments=picture, source="![plot](attachment:plot.png) The largest."
    )


def tabs(notebook):
    each = cell(notebook, "q00_mean_square")
    each["source"] = each["source"].replace("    ", "\t")


CASES = [
    written("byte_order_mark", "a byte order mark", lambda text: text.encode("utf-8-sig")),
    written("windows_line_ends", "CRLF in the file", lambda text: text.replace("\n", "\r\n").encode()),
    written("utf_16", "the file saved as UTF-16", lambda text: text.encode("utf-16")),
    written("ascii", "all other characters escaped", lambda text: json.dumps(json.loads(text)).encode()),
    written("one_line", "no white space at all", lambda text: json.dumps(json.loads(text), separators=(",", ":")).encode()),
    written("sorted_backwards", "keys in another order",
            lambda text: json.dumps(dict(reversed(json.loads(text).items()))).encode()),
    written("spaces_around", "blank lines before and after", lambda text: f"\n\n  {text}\n\n\n".encode()),
    written("numbers_as_floats", "4.0 for the format's version",
            lambda text: re.sub(r'"nbformat": 4', '"nbformat": 4.0', text).encode()),
    changed("format_4_2", "nbformat 4.2, without cell ids", format_4_2),
    changed("newer_minor_format", "a later minor version with fields nobody knows", newer_minor),
    changed("same_ids", "every cell has the same id", same_ids),
    changed("strange_ids", "cell ids that the format does not allow", strange_ids),
    changed("colab", "metadata of Colab", colab),
    changed("vs_code", "metadata of VS Code", vs_code),
    changed("jupyterlab", "tags, collapsed cells, execution times", jupyterlab),
    changed("tags_that_skip", "tags by which other programs skip cells", skipped_tags),
    changed("old_outputs", "outputs and errors of an earlier run", old_outputs),
    changed("lines_as_lists", "sources as lists of lines", lines_as_lists),
    changed("no_kernel", "no metadata of the notebook", no_kernel),
    changed("other_kernel", "a kernel that only the student has", other_kernel),
    changed("no_outputs_field", "code cells without outputs and execution_count", without_outputs),
    changed("invalid_fields", "fields of types that the format does not allow", invalid_fields),
    changed("carriage_returns_in_cells", "CRLF inside the cells", line_ends("\r\n")),
    changed("old_mac_line_ends", "CR inside the cells", line_ends("\r")),
    changed("non_ascii_names", "names and comments in other scripts", non_ascii),
    changed("long_lines", "a line of a megabyte", long_lines),
    changed("trailing_spaces", "blank lines and trailing spaces everywhere", spaces),
    changed("attached_picture", "a picture attached to the answer", attachments),
    changed("tabs", "tabs for indentation", tabs),
    refused("empty_file", "a file of no bytes", lambda text: b""),
    refused("cut_off", "half of the file", lambda text: text[: len(text) // 2].encode()),
    refused("python_file", "a Python script with the notebook's name", lambda text: b"def mean_square(values):\n    return 1\n"),
    refused("word_document", "a zip with the notebook's name", lambda text: b"PK\x03\x04" + bytes(range(256)) * 40),
    refused("web_page", "the page of a notebook, saved by a browser", lambda text: b"<!DOCTYPE html><html></html>"),
    refused("list", "a list in JSON", lambda text: b"[]"),
    refused("empty_object", "an object without cells", lambda text: b"{}"),
    refused("null_bytes", "a file of zeros", lambda text: bytes(4096)),
    refused("format_3", "nbformat 3 without a cell", lambda text: b'{"worksheets": [], "nbformat": 3, '
            b'"nbformat_minor": 0, "metadata": {}}', ungradable=None),
    refused("two_notebooks", "a notebook twice in one file", lambda text: (text + text).encode()),
]  # fmt: skip
