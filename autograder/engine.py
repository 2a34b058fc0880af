"""Grading one submission: notebook bytes and an assignment in, a result out."""

from course_lib.examination.assignment import Assignment
from course_lib.examination.result import Result

__all__ = ["Assignment", "Result"]
