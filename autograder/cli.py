"""The instructor's commands; course_lib/commands/cli.py joins them to the student's.

Each imports what it needs when it runs: nbgrader takes seconds, and `./course --help` should not wait for it.
"""

from pathlib import Path
from typing import Annotated

import typer

from autograder.course import Course
from autograder.terminal import visible
from course_lib.errors import UserError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

Assignment = Annotated[str, typer.Argument(metavar="ASSIGNMENT", help="For example q02_quantization.")]


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def teach(
    context: typer.Context,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address only.")] = False,
    port: Annotated[int | None, typer.Option(help="Port on this machine; a free one by default.")] = None,
):
    """Open JupyterLab at the root of the course, with formgrader. Other options go to it."""
    from autograder.teach import teach as run

    run(Course.here(), not no_browser, port, context.args)


@app.command()
def release(
    assignments: Annotated[list[str] | None, typer.Argument(help="All of them by default.")] = None,
    bundle: Annotated[
        Path | None, typer.Option(help="Also write the student edition of the course here.")
    ] = None,
    solutions: Annotated[
        bool, typer.Option("--solutions", help="Write solutions/ instead, of what is past its due date.")
    ] = False,
):
    """Make student versions in release/: no solution, no hidden test, no mark scheme."""
    from rich.progress import track

    from autograder.bundle import check_destination, write_bundle
    from autograder.due import give_out
    from autograder.release import release as make

    course = Course.here()
    names = assignments or course.assignments()
    for name in names:
        course.source(name)  # a misspelled name stops before anything is done
    if solutions:
        if bundle:
            raise UserError("A student edition holds no solutions; leave out --bundle or --solutions.")
        _give_out_solutions(course, names, asked=bool(assignments))
        return
    if bundle:
        check_destination(course, bundle)
    folders = [make(course, name) for name in track(names, "Releasing", transient=True)]
    for folder in folders:
        print(f"Released {folder.relative_to(course.root)}")
    give_out(course)
    if bundle:
        print(f"Student edition: {write_bundle(course, folders, bundle)}")


def _give_out_solutions(course: Course, names: list[str], asked: bool) -> None:
    """Those that are past their due date; the others are named, and refused when they were asked for."""
    from autograder.solutions import refuse_before_it_is_due, write_solutions

    early = {}
    for name in names:
        try:
            refuse_before_it_is_due(course, name)
        except UserError as error:
            early[name] = error
    if asked and early:
        raise next(iter(early.values()))
    for name in names:
        if name not in early:
            print(f"Solutions: {write_solutions(course, name).relative_to(course.root)}")
    if early:
        print(f"Kept until their due date, or without one: {', '.join(early)}")


@app.command()
def collect(
    paths: Annotated[list[Path], typer.Argument(metavar="FILE-OR-FOLDER...")],
    student: Annotated[
        str | None, typer.Option(help="Whose the one file is, whatever it says itself.")
    ] = None,
):
    """Take submissions into submitted/STUDENT/ASSIGNMENT; each file that is not taken is named."""
    from autograder.collect import collect as take

    results = take(Course.here(), paths, student)
    refused = [result for result in results if result.outcome == "refused"]
    ignored = [result for result in results if result.outcome == "ignored"]
    for result in results:
        if result not in refused + ignored:
            print(f"{result.outcome}: {visible(result.detail)}")
    print(f"{len(results) - len(refused) - len(ignored)} taken, {len(refused)} refused", end="")
    print(
        f", {len(ignored)} ignored: {visible(', '.join(each.detail for each in ignored))}" if ignored else ""
    )
    for result in refused:
        typer.echo(f"course: refused {visible(result.detail)}", err=True)
    if refused:
        raise typer.Exit(2)


@app.command()
def students(path: Annotated[Path, typer.Argument(metavar="FILE", help="CSV with a column of ids.")]):
    """Take names, addresses and platform ids from a class list, as Excel, Canvas or Moodle write it."""
    from autograder.roster import import_students

    found = import_students(Course.here(), path)
    print(
        f"{len(found.new)} new students, {len(found.changed)} changed, {len(found.unchanged)} as they were; "
        "nobody was removed."
    )


@app.command()
def grade(
    assignment: Assignment,
    student: Annotated[list[str] | None, typer.Option(help="Only this student; may be repeated.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Also what was graded by the same tests.")] = False,
    measure: Annotated[
        bool, typer.Option("--measure", help="Also run the cells below all tests, for the marker to see.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that grade side by side; one a core by default.")
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(help="Grade on the workers of this Dask scheduler, as in tcp://127.0.0.1:8786."),
    ] = None,
    unconfined: Annotated[
        bool,
        typer.Option("--unconfined", help="Run submissions as ordinary programs, if you trust all of them."),
    ] = False,
):
    """Run the tests on what was collected and save the points. Safe to stop and to repeat."""
    from course_lib.notebook.machine import cores

    if scheduler and (workers or unconfined):
        raise UserError("--scheduler takes its own workers, confined; leave out --workers and --unconfined.")
    if unconfined:
        from autograder.engine import allow_unconfined

        allow_unconfined()
    if scheduler:
        from autograder.cluster import DaskWorkers

        graders = DaskWorkers(scheduler)
    else:
        from autograder.workers import LocalWorkers

        graders = LocalWorkers(workers or cores())
    from autograder.console import Stopped, grade_with_progress
    from autograder.grade import Grading

    try:
        failed = grade_with_progress(
            Grading(Course.here(), assignment, student or [], again, measure), assignment, graders
        )
    except Stopped as stopped:
        typer.echo(f"course: {stopped}", err=True)
        raise typer.Exit(130) from None
    finally:
        graders.close()
    raise typer.Exit(1 if failed else 0)


@app.command()
def report(
    assignment: Annotated[
        str | None, typer.Argument(help="For example q02_quantization; without it, the whole course.")
    ] = None,
):
    """Show points, failing tests, time and what is worth a look; or all students in all assignments."""
    from autograder import class_table
    from autograder.grade_log import write_log
    from autograder.report import report as summarize
    from autograder.report_page import write_page
    from autograder.report_table import show_report

    course = Course.here()
    if assignment is None:
        table = class_table.class_table(course)
        class_table.show(table)
        print(f"Page: {class_table.write_page(course, table)}")
        return
    found = summarize(course, assignment)
    show_report(found)
    print(f"Page: {write_page(course, found)}")
    print(f"Log: {write_log(course, assignment, found.changes)}")


@app.command()
def watch(
    assignments: Annotated[list[str] | None, typer.Argument(help="All that are released by default.")] = None,
    once: Annotated[bool, typer.Option("--once", help="End when all that has arrived is back.")] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Submissions graded at a time; one a core by default.")
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(help="Grade on the workers of this Dask scheduler, as in tcp://127.0.0.1:8786."),
    ] = None,
):
    """Grade what arrives in the drop folder and the exchange, and return feedback within seconds."""
    from autograder.watch.command import watch as run

    raise typer.Exit(run(Course.here(), assignments or [], once, workers, scheduler))


@app.command()
def feedback(
    assignment: Annotated[
        str | None,
        typer.Argument(help="For example q02_quantization; without it, what came back of your own work."),
    ] = None,
):
    """Write a page for each graded student: messages and points, never a hidden test."""
    if assignment is None:
        from course_lib.commands.returned import show

        return show(None)
    from autograder.feedback import feedback as write
    from autograder.scores import scores
    from autograder.watch.returns import bring_all

    course = Course.here()
    results = list(write(course, assignment))
    failed = [(student, reason) for student, reason in results if reason]
    print(f"{len(results) - len(failed)} pages in feedback/STUDENT/{assignment}/")
    waiting = [row.student for row in scores(course, assignment) if row.status == "needs marking"]
    written = [student for student, reason in results if not reason]
    if brought := bring_all(course, assignment, written, waiting):
        print(f"{brought} of them are where ./course watch has returned feedback before")
    if waiting:
        print(
            f"Still to be marked by hand, so their pages show too few points: {visible(', '.join(waiting))}"
        )
    for student, reason in failed:
        typer.echo(f"course: no feedback for {visible(f'{student}: {reason}')}", err=True)
    raise typer.Exit(1 if failed else 0)


@app.command()
def export(
    kind: Annotated[str, typer.Argument(metavar="csv|canvas|moodle")],
    assignment: Annotated[
        str | None, typer.Argument(help="For example q02_quantization; without it, all of them.")
    ] = None,
    column: Annotated[
        str | None, typer.Option(help="The assignment's name on the platform, if it has another there.")
    ] = None,
):
    """Write grade files to exports/: for spreadsheets, or what Canvas or Moodle imports."""
    from autograder import class_table
    from autograder import export as files

    course = Course.here()
    kinds = {"canvas": files.export_canvas, "moodle": files.export_moodle}
    if kind not in ("csv", *kinds):
        raise UserError(f"There is no format {kind!r}; there are: csv, canvas, moodle.")
    if column and assignment is None:
        raise UserError("--column names one assignment; say which.")
    if kind == "csv":
        if assignment is None:
            print(f"Wrote {class_table.export_csv(course, class_table.class_table(course))}")
        else:
            print(f"Wrote {files.export_csv(course, assignment)}")
        return
    for name in [assignment] if assignment else class_table.class_table(course).assignments:
        try:
            found = kinds[kind](course, name, column)
        except UserError as error:
            if assignment:
                raise
            typer.echo(f"course: {error}", err=True)  # an assignment that is not marked yet stops no other
            continue
        count = len(found.students)
        print(f"Wrote {found.path}: {count} final grade{'' if count == 1 else 's'}")
        for reason, students in found.left_out.items():
            typer.echo(f"course: left out ({reason}): {visible(', '.join(students))}", err=True)
