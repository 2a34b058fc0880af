"""An answer in words that is not in its cell: that a person must read it, and where the marker finds it."""

import re

from nbformat.v4 import new_markdown_cell

from course_lib.examination.prose import LONGEST, Given, Passage, count
from course_lib.examination.submission import Submission

FEW = 15  # words; an answer with less may only say where the real one stands
MOST = 20  # passages that the marker is shown
NAMED = 4  # cells that a flag names
NOTHING = "nothing was written in the cells for tasks and answers"


def to_read(submission: Submission, given: Given) -> dict[str, list[Passage]]:
    """By grade_id of each answer that is all but empty in its cell: what the student wrote elsewhere.

    Left out are answers without any such text. A list is empty where there is only a picture, in the cell
    itself.
    """
    found = {}
    for cell, known in submission.cells:
        if known is None or known.is_test or not (known.metadata["grade"] and known.metadata["solution"]):
            continue
        mine = [passage for passage in submission.written if passage.name == known.name]
        others = [passage for passage in submission.written if passage.name != known.name]
        others.sort(key=lambda passage: passage.kind == "code")  # text cells first
        own = given.own_lines(cell.source)
        few = count("\n".join(own)) < FEW if known.cell_type == "markdown" else not own
        pictures = any(passage.pictures for passage in mine)
        if pictures or (few and others):
            found[known.name] = [] if pictures else others[:MOST]
    return found


def flags(submission: Submission, given: Given, unread: dict[str, list[Passage]]) -> list[str]:
    """What is worth a look: a notebook as it was given out, and answers that are not in their cell."""
    work = [
        cell.source for cell, known in submission.cells if known is not None and known.metadata["solution"]
    ]
    is_untouched = (
        given.lines
        and not any(map(given.own_lines, work))
        and not any(passage.pictures for passage in submission.written)
    )
    found = [NOTHING] if is_untouched else []
    for name, passages in unread.items():
        if passages:
            places = [passage.where for passage in passages[:NAMED]]
            places += [f"{len(passages) - NAMED} more"] if len(passages) > NAMED else []
            found.append(f"{name} is all but empty, and the student wrote elsewhere: {', '.join(places)}")
    return found


def note(passage: Passage):
    """A Markdown cell that shows a passage to the marker."""
    head = f"**The student wrote this in {passage.where}:**"
    text = passage.text if len(passage.text) <= LONGEST else passage.text[:LONGEST] + "\n… (cut)"
    if passage.kind == "code":
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
        text = f"{fence}\n{text}\n{fence}"
    cell = new_markdown_cell()
    pictures = {}
    for number, (name, bundle) in enumerate(passage.pictures.items(), 1):
        is_shown = f"attachment:{name}" in text
        pictures[name if is_shown else f"picture-{number}"] = bundle
        text += "" if is_shown else f"\n\n![picture](attachment:picture-{number})"
    if pictures:
        cell.attachments = pictures
    quoted = "\n".join(f"> {line}" for line in text.splitlines())
    cell.source = f"{head}\n\n{quoted}"
    return cell
