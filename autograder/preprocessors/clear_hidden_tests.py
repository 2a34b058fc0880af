"""Take the hidden tests out of the student's version."""

from nbgrader import preprocessors

from autograder import regions
from course_lib.examination.assignment import HIDDEN_STUB


class ClearHiddenTests(preprocessors.ClearHiddenTests):
    """Replaces the whole cell by one comment, so that neither its text nor its length says anything."""

    def preprocess_cell(self, cell, resources, cell_index):
        if regions.find(cell.source, regions.HIDDEN_TESTS):
            cell.source = HIDDEN_STUB
        return cell, resources
