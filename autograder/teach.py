"""JupyterLab for instructors: the course folder, with formgrader."""

from collections.abc import Sequence

from autograder.course import Course
from course_lib.commands import servers

EXTENSIONS = {
    "nbgrader.server_extensions.formgrader": True,
    "nbgrader.server_extensions.validate_assignment": True,
    # They serve a shared exchange folder; here submissions come as zips.
    "nbgrader.server_extensions.assignment_list": False,
    "nbgrader.server_extensions.course_list": False,
}


def teach(course: Course, browser: bool, port: int | None, options: Sequence[str] = ()) -> None:
    """Run JupyterLab at the root of the course until it is stopped; `options` go to JupyterLab."""
    servers.run_lab(
        course.root,
        "notebooks",
        browser,
        port,
        options=[f"--ServerApp.jpserver_extensions={EXTENSIONS}", *options],
        environment={},
        cwd=course.root,  # formgrader reads the nbgrader_config.py of the folder the server was started in
    )
