"""nbgrader's part of a student's server where COURSE_EXCHANGE names the exchange."""

import os

from course_lib.commands import workspace

c = get_config()  # noqa: F821  nbgrader provides get_config
c.Exchange.root = os.environ["COURSE_EXCHANGE"]
# What is listed, fetched and handed in there is what `course check` runs.
c.Exchange.assignment_dir = str(workspace.folder())
c.CourseDirectory.course_id = "default_course"  # as autograder/config.py has it, for the instructors
c.CourseDirectory.ignore = [".*", "*.pyc", "__pycache__", "effects", "feedback"]
