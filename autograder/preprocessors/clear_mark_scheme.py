"""Take the mark scheme out of the student's version."""

from nbgrader import preprocessors

from autograder import regions

STUB = "*The mark scheme for the answer above is shown to the marker.*"


class ClearMarkScheme(preprocessors.ClearMarkScheme):
    """Replaces each mark scheme by one sentence, in locked cells as well as in nbgrader's task cells.

    nbgrader's own knows task cells only, which cannot stand beside a written answer worth points.
    """

    def preprocess_cell(self, cell, resources, cell_index):
        found = regions.find(cell.source, regions.MARK_SCHEME)
        cell.source = regions.replace(cell.source, found, lambda region: STUB)
        return cell, resources
