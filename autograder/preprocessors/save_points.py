"""Write the points of test cells into the gradebook."""

from nbgrader import preprocessors, utils

from autograder.preprocessors.examine import RESULT


class SavePoints(preprocessors.SaveAutoGrades):
    """Takes the points that Examine found; a test that is itself wrong is left for the instructor to mark."""

    def _add_score(self, cell, resources):
        if cell.cell_type != "code" or utils.is_solution(cell):
            super()._add_score(cell, resources)
            return
        name = cell.metadata["nbgrader"]["grade_id"]
        grade = self.gradebook.find_grade(name, self.notebook_id, self.assignment_id, self.student_id)
        grade.auto_score = resources[RESULT].points[name]
        # A mark that a person gave before stands, but this run may ask for another look at it.
        grade.needs_manual_grade = grade.manual_score is not None or grade.auto_score is None
        self.gradebook.db.commit()
