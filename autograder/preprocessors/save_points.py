"""Write the points of test cells into the gradebook."""

from nbgrader import preprocessors, utils

from course_lib.examination.points import TestCellError, points_earned


class SavePoints(preprocessors.SaveAutoGrades):
    """Reads points by autograder.points; a test that is itself wrong is left for the instructor to mark.

    nbgrader's own gives 0 to correct work that writes to stderr (a warning, a progress bar).
    """

    def _add_score(self, cell, resources):
        if cell.cell_type != "code" or utils.is_solution(cell):
            super()._add_score(cell, resources)
            return
        marks = cell.metadata["nbgrader"]
        grade = self.gradebook.find_grade(
            marks["grade_id"], self.notebook_id, self.assignment_id, self.student_id
        )
        try:
            grade.auto_score = points_earned(cell.outputs, float(marks["points"]))
        except TestCellError as error:
            self.log.error("Cell %s of %s: %s", marks["grade_id"], self.student_id, error)
            grade.auto_score = None
        # A mark that a person gave before stands, but this run may ask for another look at it.
        grade.needs_manual_grade = grade.manual_score is not None or grade.auto_score is None
        self.gradebook.db.commit()
