"""Remarks that markers have made on other submissions of an assignment, to be used again."""

import re
from collections import Counter

from nbgrader import api
from sqlalchemy import select

LINE = re.compile(r"\APoints: .*\.(\n+|\Z)")  # which items were given: mark_scheme.js writes it first
MOST = 12  # a cell
LONGEST = 300  # characters of a remark


def remarks(database: str, assignment: str) -> dict[str, list[str]]:
    """grade_id -> remarks on that cell, those made most often first; paragraphs are remarks of their own."""
    with api.Gradebook(database) as gradebook:
        rows = gradebook.db.execute(
            select(api.BaseCell.name, api.Comment.manual_comment)
            .join(api.BaseCell, api.Comment.cell_id == api.BaseCell.id)
            .join(api.Notebook, api.BaseCell.notebook_id == api.Notebook.id)
            .join(api.Assignment, api.Notebook.assignment_id == api.Assignment.id)
            .where(api.Assignment.name == assignment, api.Comment.manual_comment.is_not(None))
        ).all()
    made: dict[str, Counter[str]] = {}
    for cell, comment in rows:
        paragraphs = {text.strip() for text in LINE.sub("", comment).split("\n\n")}
        made.setdefault(cell, Counter()).update(text for text in paragraphs if text and len(text) <= LONGEST)
    return {
        cell: [text for text, _ in sorted(found.items(), key=lambda item: (-item[1], item[0]))[:MOST]]
        for cell, found in made.items()
    }
