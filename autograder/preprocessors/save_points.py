"""Write the points of test cells into the gradebook."""

from nbgrader import preprocessors, utils

from autograder.preprocessors.examine import RESULT


class SavePoints(preprocessors.SaveAutoGrades):
    """Takes the points that Examine found; a test that is itself wrong is left for the instructor to mark.

    The same holds for an answer that is not in its cell, which nbgrader's own gives 0 as left out.
    """

    def _add_score(self, cell, resources):
        name = cell.metadata["nbgrader"]["grade_id"]
        is_test = cell.cell_type == "code" and not utils.is_solution(cell)
        if not is_test and name not in resources[RESULT].to_read:
            super()._add_score(cell, resources)
            return
        grade = self.gradebook.find_grade(name, self.notebook_id, self.assignment_id, self.student_id)
        grade.auto_score = resources[RESULT].points[name] if is_test else None
        # A mark that a person gave before stands, but this run may ask for another look at it.
        grade.needs_manual_grade = grade.manual_score is not None or grade.auto_score is None
        self.gradebook.db.commit()

    def _add_comment(self, cell, resources):
        super()._add_comment(cell, resources)
        name = cell.metadata["nbgrader"]["grade_id"]
        if name in resources[RESULT].to_read:
            comment = self.gradebook.find_comment(name, self.notebook_id, self.assignment_id, self.student_id)
            comment.auto_comment = None
            self.gradebook.db.commit()
