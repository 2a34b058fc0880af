"""Keep the points of hidden tests out of feedback until they may be told."""

from nbgrader.preprocessors.base import NbGraderPreprocessor
from traitlets import Unicode

from autograder.preprocessors.hide_tests import is_hidden, released_sources


class WithholdHidden(NbGraderPreprocessor):
    """Takes the points of hidden tests from their cells and from all sums, and says `until` when.

    A late penalty goes too: it is worked out from all points, and would tell them.
    """

    until = Unicode("", help="When they are told; with an empty text they are told now.").tag(config=True)
    note = Unicode("", help="What else stands at the top of the page.").tag(config=True)

    def preprocess(self, nb, resources):
        resources["notes"] = [self.note] if self.note else []
        if not self.until:
            return nb, resources
        sources = released_sources(resources["nbgrader"])
        hidden = {name for name, source in sources.items() if is_hidden(source)}
        score = points = 0.0
        for cell in nb.cells:
            marks = cell.metadata.get("nbgrader", {})
            if not marks.get("grade"):
                continue
            if marks.get("grade_id") in hidden or is_hidden(cell.source):
                marks["grade"], marks["withheld"] = False, True
                marks.pop("score", None)
                marks.pop("points", None)
            else:
                score += marks.get("score") or 0.0
                points += marks.get("points") or 0.0
        resources["nbgrader"] |= {"score": score, "max_score": points, "late_penalty": 0}
        said = f"The score is without the points of hidden tests, which are told {self.until}."
        resources["notes"].insert(0, said)
        return nb, resources
