"""Demo of lab 3: German becomes English token by token, and lines show where the model looks for each."""

from course_lib.demos.translation import figures

__all__ = ["figures"]
