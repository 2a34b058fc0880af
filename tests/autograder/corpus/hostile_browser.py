"""HTML and JavaScript that would run in the browser of whoever marks the notebook, with the marker's rights.

The payload is a call of steal@MARK@(); it must stand nowhere in the rendered page where a browser runs it.
"""

# ruff: noqa: E501  a case keeps its few lines

from tests.autograder.corpus.assignment import cell
from tests.autograder.corpus.case import Case, code, fair

CALL = "steal@MARK@()"
FORMS = (
    f"<script>{CALL}</script>",
    f"<img src=x onerror='{CALL}'>",
    f"<svg onload={CALL}><script>{CALL}</script><animate onbegin={CALL} attributeName=x dur=1s></svg>",
    f"<a href='javascript:{CALL}'>a</a><a href=' java\tscript:{CALL}'>b</a><a href='JaVaScRiPt&colon;{CALL}'>c</a>",
    f'<iframe srcdoc="<script>{CALL}</script>"></iframe><iframe src="javascript:{CALL}"></iframe>',
    f"<form action='javascript:{CALL}'><button formaction='javascript:{CALL}'>ok</button></form>",
    f"<details open ontoggle={CALL}></details><input autofocus onfocus={CALL}><body onload={CALL}>",
    f"<math><mtext></table></math><img src onerror={CALL}></mtext></math>",
    f"<object data='data:text/html,<script>{CALL}</script>'></object><embed src='javascript:{CALL}'>",
    f"<meta http-equiv=refresh content='0;url=javascript:{CALL}'><base href='javascript:{CALL}//'>",
    f"<noscript><p title='</noscript><img src=x onerror={CALL}>'></noscript>",
    f"</pre></div></textarea></title></style></script><script>{CALL}</script>",
)
EVERYTHING = "\n".join(FORMS)


def shown(name: str, about: str, source: str) -> Case:
    """`source` is a cell at the end of a right submission."""
    return Case(name, about, fair(), after=(source,))


def replaced(name: str, about: str, change) -> Case:
    return Case(name, about, fair(), change=change)


def in_answer(notebook):
    cell(notebook, "q00_explain")["source"] = "The largest value decides.\n\n" + EVERYTHING


def in_markdown(notebook):
    notebook["cells"].append({"cell_type": "markdown", "id": "html", "metadata": {}, "source": EVERYTHING})
    links = f'[a](javascript:{CALL}) ![b](x" onerror="{CALL}) <javascript:{CALL}> [c]: javascript:{CALL}'
    notebook["cells"].append({"cell_type": "markdown", "id": "links", "metadata": {}, "source": links})


def in_formulas(notebook):
    formula = f"$$\\href{{javascript:{CALL}}}{{x}}$$ $\\unicode{{<img src=x onerror={CALL}>}}$"
    notebook["cells"].append({"cell_type": "markdown", "id": "formula", "metadata": {}, "source": formula})


def in_raw_cells(notebook):
    for number, kind in enumerate(("text/html", "text/markdown", "html", None)):
        metadata = {"raw_mimetype": kind, "format": kind} if kind else {}
        notebook["cells"].append(
            {"cell_type": "raw", "id": f"raw-{number}", "metadata": metadata, "source": EVERYTHING}
        )


def in_outputs_of_the_file(notebook):
    forged = code("1", "forged")
    kinds = (
        "text/html",
        "image/svg+xml",
        "application/javascript",
        "text/markdown",
        "text/latex",
        "text/vnd.mermaid",
    )
    forged["outputs"] = [
        {"output_type": "display_data", "metadata": {}, "data": {kind: EVERYTHING}} for kind in kinds
    ]
    notebook["cells"].append(forged)


def in_names(notebook):
    quoted = f"\"'></title></code></div><script>{CALL}</script>"
    notebook["metadata"]["title"] = quoted
    notebook["metadata"]["kernelspec"] = {"name": quoted, "display_name": quoted, "language": quoted}
    notebook["metadata"]["language_info"] = {
        "name": quoted,
        "pygments_lexer": quoted,
        "codemirror_mode": quoted,
    }
    notebook["metadata"]["authors"] = [{"name": quoted}]
    cell(notebook, "q00_mean_square")["metadata"]["tags"] = [quoted]
    cell(notebook, "q00_mean_square")["metadata"]["name"] = quoted


def in_grade_ids(notebook):
    bonus = code("1", "bonus")
    name = f"'\"><script>{CALL}</script>"
    bonus["metadata"]["nbgrader"] = {"grade_id": name, "grade": True, "solution": False, "points": name,
                                     "locked": True, "schema_version": 3, "task": False}  # fmt: skip
    notebook["cells"].append(bonus)


def in_attachments(notebook):
    attachment = {"x.svg": {"image/svg+xml": EVERYTHING}, f"x' onerror='{CALL}": {"text/html": EVERYTHING}}
    text = f"![x](attachment:x.svg) ![y](attachment:x' onerror='{CALL})"
    notebook["cells"].append(
        {"cell_type": "markdown", "id": "picture", "metadata": {}, "source": text, "attachments": attachment}
    )


def in_widgets(notebook):
    state = {"abc": {"model_name": "HTMLModel", "model_module": "@jupyter-widgets/controls",
                     "model_module_version": "2.0.0", "state": {"value": EVERYTHING}}}  # fmt: skip
    notebook["metadata"]["widgets"] = {
        "application/vnd.jupyter.widget-state+json": {"version_major": 2, "version_minor": 0, "state": state}
    }
    shown_widget = code("1", "widget")
    view = {"version_major": 2, "version_minor": 0, "model_id": f"abc</script><script>{CALL}</script>"}
    shown_widget["outputs"] = [
        {
            "output_type": "display_data",
            "metadata": {},
            "data": {"application/vnd.jupyter.widget-view+json": view},
        }
    ]
    notebook["cells"].append(shown_widget)


CASES = [
    shown("html_output", "HTML outputs with every form of script",
          f"from IPython.display import HTML, display\nfor form in {FORMS!r}: display(HTML(form))"),
    shown("javascript_output", "a JavaScript output",
          f"from IPython.display import Javascript\nJavascript({CALL!r})"),
    shown("svg_output", "an SVG picture with a script",
          f"from IPython.display import SVG\nSVG('<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"{CALL}\">"
          f"<script>{CALL}</script></svg>')"),
    shown("markdown_output", "Markdown and LaTeX outputs that hold HTML",
          f"from IPython.display import Markdown, Latex, display\ndisplay(Markdown({EVERYTHING!r}), Latex({EVERYTHING!r}))"),
    shown("magics_html", "the %%html and %%javascript magics", f"%%html\n{EVERYTHING}"),
    shown("magic_javascript", "the %%javascript magic", f"%%javascript\n{CALL}"),
    shown("printed_html", "HTML that is printed, and in terminal colors",
          f"import sys\nprint({EVERYTHING!r})\nprint('\\x1b[31m' + {EVERYTHING!r} + '\\x1b]8;;javascript:{CALL}\\x07x')\n"
          f"print({EVERYTHING!r}, file=sys.stderr)"),
    shown("raised_html", "HTML as an exception's message and type",
          f"raise type({FORMS[0]!r}, (Exception,), {{}})({EVERYTHING!r})"),
    shown("text_repr_html", "HTML as the text of a value",
          f"class X:\n    __repr__ = lambda self: {EVERYTHING!r}\n    _repr_html_ = __repr__\n"
          "    _repr_javascript_ = __repr__\n    _repr_svg_ = __repr__\nX()"),
    shown("picture_data", "HTML in the place of a picture's data",
          f"from IPython.display import display\nbad = '\\'\"><script>{CALL}</script>'\n"
          "display({'image/png': bad}, raw=True, metadata={'image/png': {'width': bad, 'alt': bad}})\n"
          "display({'image/jpeg': bad}, raw=True)"),
    shown("plotly_figure", "a plot whose title and labels hold scripts",
          f"from IPython.display import display\ndisplay({{'application/vnd.plotly.v1+json': {{'data': [], 'layout': "
          f"{{'title': {{'text': {EVERYTHING!r}}}}}}}}}, raw=True)"),
    shown("unknown_output_type", "an output type with a script for a name",
          f"from IPython.display import display\ndisplay({{'text/x-\"><script>{CALL}</script>': 'x'}}, raw=True)"),
    replaced("answer_with_script", "the written answer holds scripts", in_answer),
    replaced("markdown_with_script", "text cells hold scripts and links", in_markdown),
    replaced("formula_links", "formulas that hold links and HTML", in_formulas),
    replaced("raw_cells", "raw cells that ask to be shown as HTML", in_raw_cells),
    replaced("outputs_of_the_file", "outputs that were saved in the file", in_outputs_of_the_file),
    replaced("names_with_script", "title, kernel, authors and tags hold scripts", in_names),
    replaced("grade_id_with_script", "a grade_id of HTML", in_grade_ids),
    replaced("attachments_with_script", "attached pictures hold scripts", in_attachments),
    replaced("widgets_with_script", "saved states of widgets hold scripts", in_widgets),
]  # fmt: skip
