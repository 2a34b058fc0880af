"""From the instructor's notebook to points, pages and a grade file, with plain nbgrader underneath."""

import csv
import json

import pytest

from autograder.grade import grade
from tests.autograder.small_course import CANARIES, points_by_cell, solved
from tests.autograder.submissions import submissions

def test_every_submission_gets_its_fair_points_and_a_bad_one_costs_only_itself(graded, starter):
    _, outcomes = graded
    fair = {student: points for student, (_, points) in submissions(starter).items()}
    assert {student: outcome.auto_points for student, outcome in outcomes.items()} == fair
