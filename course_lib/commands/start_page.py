"""The page that JupyterLab opens on: the notebooks, where the student stands in each, and how to hand in."""

from pathlib import Path

from course_lib.commands import progress, workspace
from course_lib.paths import ROOT, is_shared, write_atomically


def write() -> Path:
    """Write start.md into the workspace; returns its path."""
    return write_atomically(workspace.folder() / "start.md", page())


def page() -> str:
    """The page's text, in Markdown."""
    example = next(iter(workspace.assignments()), "ASSIGNMENT")
    course, where = "./course", [
        f"When you want to know where you stand, go to the folder `{ROOT}` in a terminal.",
        "On Windows, write `py course` in place of `./course`.",
    ]  # fmt: skip
    if is_shared(ROOT):
        course = "course"
        where = ["When you want to know where you stand: File, New, Terminal. Any folder will do."]
    return "\n".join(
        [
            "<!-- Written by the course each time; your changes here would be lost. -->",
            "# Systems for machine learning",
            "",
            "Open a notebook and work from top to bottom: predict, play, build, measure, explain.",
            "Your files in this folder are yours; the course never overwrites them.",
            "",
            *_table(progress.rows()),
            "",
            "## Not graded",
            "",
            "For practice: nothing here is checked or handed in.",
            "",
            *(f"- [{workspace.title(workspace.shipped(name))}]({workspace.link(name)})"
              for name in workspace.ungraded()),
            "- [Kernels, with and without a GPU](docs/kernels.md): what can be used in a kernel here",
            "",
            "## In a terminal",
            "",
            *where,
            "",
            "| | |",
            "| --- | --- |",
            f"| `{course} check {example}` | runs the visible tests of your notebook |",
            f"| `{course} submit {example} --student YOUR-ID` | packs it into one zip to hand in; "
            "`YOUR-ID` is the id by which your course knows you |",
            f"| `{course} progress` | shows where you stand, and brings the table above up to date |",
            f"| `{course} doctor` | says what this machine has and what it lacks |",
            "",
        ]
    )  # fmt: skip


def _table(rows: list[progress.Row]) -> list[str]:
    """A row per notebook, with a link to it, and the columns in which something stands; else a plain list."""
    told = [[f"[{row.title}]({row.link})", *progress.texts(row)[1:]] for row in rows]
    filled = [place for place in range(len(progress.HEADS)) if any(row[place] for row in told)]
    if filled == [0]:  # nothing is due, and nothing was done yet
        return [f"- {row[0]}" for row in told]
    heads = [progress.HEADS[place] for place in filled]
    lines = [heads, ["---"] * len(heads), *([row[place] for place in filled] for row in told)]
    return ["| " + " | ".join(line) + " |" for line in lines]
