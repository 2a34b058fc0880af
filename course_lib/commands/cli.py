"""The commands of students and lecturers; the instructor's join them through entry points.

Each command imports what it needs when it runs, so that `./course --help` answers at once.
"""

import errno
import importlib.util
import io
import os
import subprocess
import sys
import traceback
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated

import typer

from course_lib.errors import UserError
from course_lib.paths import ROOT, is_shared, own_folder, owner

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Print the address instead of opening it.")]
Port = Annotated[int | None, typer.Option(help="Port on this machine; a free one by default.")]


# A full disk, a quota, or a folder that is not this account's.
CANNOT_WRITE = {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS}
EXTENDED = {"feedback"}  # commands of which the instructor's package has one of its own
# Of the modules in benchmarks/ those that measure and write a page; a student edition has some of them.
BENCHMARKS = ("kernels", "autodiff", "gpt", "serving", "ui", "grading", "watch", "hostile")
PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True}


@app.command(context_settings=PASSED_ON)
def lab(
    context: typer.Context,
    no_browser: NoBrowser = False,
    port: Port = None,
    cpu: Annotated[
        bool, typer.Option("--cpu", help="Install nothing for an NVIDIA GPU and run kernels on the CPU.")
    ] = False,
):
    """Open JupyterLab in your workspace; your files there are never overwritten. Other options go to it."""
    from course_lib.commands import servers, start_page, workspace

    if cpu:
        os.environ["COURSE_DEVICE"] = "host"
    if port:
        servers.free_port(port)  # a taken one is told at once, not after the workspace was prepared
    for line in workspace.prepare():
        print(line)
    start_page.write()
    servers.run_lab(workspace.folder(), "start.md", not no_browser, port, options=context.args)


@app.command("test", context_settings=PASSED_ON)
def run_tests(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Also the tests marked slow.")] = False,
):
    """Run the tests this machine can run; what it cannot is listed at the end. Other options go to pytest."""
    if not (ROOT / "tests").is_dir():
        raise UserError("The student edition has no tests of its own; ./course check runs a notebook's.")
    # Many tests wait: for a limit, a browser, a process. One worker more than there are cores uses that time.
    workers = min(os.cpu_count() or 1, 8) + 1
    # One thread per worker: several workers with all cores each are slower than one. Neighbors stay with one
    # worker, since they share what took long to start; one that has ended early takes over from the others.
    environment = {"OMP_NUM_THREADS": "1", **os.environ}
    # The workers and the processes of tests would each compile the course again.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-m", "pytest", "-n", str(workers), "--dist", "worksteal"]
    command += [*["--all"] * everything, *context.args]
    raise typer.Exit(subprocess.run(command, cwd=ROOT, env=environment).returncode)


@app.command()
def doctor():
    """Show what this machine has, and the one line that would mend each lack."""
    from course_lib.commands.doctor import print_checks

    raise typer.Exit(print_checks())


@app.command()
def check(assignment: str):
    """Run the visible tests of your notebook in the workspace. Exit status 1 when one fails."""
    from course_lib.commands.check import check_assignment

    raise typer.Exit(0 if check_assignment(assignment) else 1)


@app.command()
def submit(
    assignment: str,
    student: Annotated[str | None, typer.Option(help="Your student id; your login name by default.")] = None,
    untouched: Annotated[
        bool, typer.Option("--untouched", help="Also a notebook in which nothing was written.")
    ] = False,
):
    """Pack your notebook into one zip with a SHA-256 receipt."""
    from course_lib.commands import beside, drop, due, submission, workspace

    notebook = workspace.notebook(assignment)
    others = beside.others(notebook)
    given = workspace.student_version(assignment).read_bytes()
    if not untouched and beside.untouched(notebook.read_bytes(), given):
        elsewhere = f" If your work is in {others[0]}, rename that to {notebook.name}." if others else ""
        raise UserError(
            f"{notebook} is as the course gave it: no task and no answer was written there.{elsewhere} "
            "To hand it in all the same, add --untouched."
        )
    packed = submission.pack(assignment, notebook, student, workspace.folder())
    handed_in = submission.read(packed)
    print(f"Packed {packed}")
    if (left_out := notebook.stat().st_size - len(handed_in.data)) > 0:
        print(
            f"Left out of the zip: {left_out / 1e6:.0f} MB of outputs and saved widgets; they are made again."
        )
    print(f"SHA-256 of the notebook in it: {handed_in.sha256}")
    if date := due.due_dates().get(assignment):
        print(f"Due {due.shown(date)}: packed {due.compared(handed_in.submitted, date)}.")
    if others:
        print(f"Not handed in: {', '.join(others)}, beside it; only {notebook.name} counts.")
    if drop.hand_over(packed, handed_in):
        print(_as_typed(f"Handed in: ./course feedback {assignment} shows what comes back."))
    else:
        print("Hand in this zip as your course tells you; keep a copy.")


@app.command()
def feedback(assignment: Annotated[str | None, typer.Argument(help="All by default.")] = None):
    """Show what came back of what you handed in on this machine, and bring the page."""
    from course_lib.commands.returned import show

    show(assignment)


@app.command()
def progress():
    """Show where you stand in each notebook: what is due, checked, seen, handed in, and came back."""
    from course_lib.commands import start_page
    from course_lib.commands.progress import print_progress

    print_progress()
    start_page.write()


@app.command()
def demo(
    name: Annotated[str | None, typer.Argument(help="A demo; without it, the gallery.")] = None,
    no_browser: NoBrowser = False,
    port: Port = None,
    export: Annotated[
        Path | None,
        typer.Option(help="Instead, write all demos, or the one named, as static pages into this folder."),
    ] = None,
):
    """Show a lecture demo full screen in the browser."""
    from course_lib.commands import servers

    if export is not None:
        from course_lib.commands.static_pages import pages

        print(pages.export(ROOT / "lectures", export, name))
        return
    servers.run_demo(ROOT / "lectures", name or "gallery", browser=not no_browser, port=port)


@app.command(context_settings=PASSED_ON)
def bench(
    context: typer.Context,
    part: Annotated[str, typer.Argument(help=", ".join(BENCHMARKS))] = "kernels",
):
    """Measure, print a table and write the figures as JSON under benchmarks/results/."""
    here = [name for name in BENCHMARKS if (ROOT / "benchmarks" / f"{name}.py").is_file()]
    if part not in here:
        raise UserError(f"There is no benchmark {part!r}; there are: {', '.join(here)}.")
    if part == "ui" and importlib.util.find_spec("playwright") is None:
        raise UserError(
            "./course bench ui drives a browser through the package playwright, which only the tests bring; "
            f"install it first: {sys.executable} -m pip install -c constraints.txt playwright"
        )
    command = [sys.executable, "-m", f"benchmarks.{part}", *context.args]
    if is_shared() and part == "kernels":
        command += ["--results", str(own_folder())]
    elif is_shared():
        raise UserError(
            f"./course bench {part} writes its figures and its page into {ROOT}, which this account cannot "
            "write; run it in a copy of your own. ./course bench kernels runs here, too."
        )
    raise typer.Exit(subprocess.run(command, cwd=ROOT).returncode)


def joined(command: str = "") -> typer.Typer:
    """The student's commands and, unless `command` is one of them, those that other packages registered.

    A command that both have, such as feedback, is the other package's where that is installed.
    """
    mine = {known.name or known.callback.__name__ for known in app.registered_commands}
    if command in mine - EXTENDED:
        return app
    for entry in entry_points(group="course.commands"):
        other = entry.load()
        if other is not app:
            app.registered_commands += [
                c for c in other.registered_commands if c not in app.registered_commands
            ]
    return app


def main(arguments: list[str] | None = None) -> int:
    """Run one command, by default the process's own; returns the exit status.

    Errors are one line, or a traceback with --debug.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    for stream in (sys.stdout, sys.stderr):  # a terminal of another encoding shows "?" for what it lacks
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    debug = "--debug" in arguments
    arguments = [word for word in arguments if word != "--debug"]
    try:
        if sys.flags.optimize:
            raise UserError(
                "Python was started with -O or PYTHONOPTIMIZE, which leaves out the assertions of all tests; "
                "start it without."
            )
        joined(next(iter(arguments), ""))(args=arguments, prog_name=_as_typed("./course"))
    except SystemExit as stop:
        return stop.code or 0
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    except Exception as error:
        error = _explained(error)
        if debug:
            traceback.print_exception(error)
        elif isinstance(error, UserError):
            print(f"course: {_as_typed(str(error))}", file=sys.stderr)
        else:
            name = type(error).__name__
            print(
                f"course: unexpected {name}: {error} (run again with --debug to see where)", file=sys.stderr
            )
        return 2 if isinstance(error, UserError) else 1
    return 0


def _as_typed(text: str) -> str:
    """`text` as one types it where the course is installed for several accounts: `course`, on the PATH."""
    return text.replace("./course", "course") if is_shared() else text


def _explained(error: Exception) -> Exception:
    """What is no fault of the course's code, as a line for the user; anything else as it is."""
    if isinstance(error, OSError) and error.errno in CANNOT_WRITE and error.filename:
        explained = UserError(
            f"{error.filename} cannot be used ({error.strerror}); ./course doctor says which folders of this "
            "account can be written."
        )
    elif isinstance(error, ModuleNotFoundError) and is_shared():
        explained = UserError(
            f"the installation in {ROOT} lacks {error.name}; {owner(ROOT)}, to whom it belongs, must run "
            f"{ROOT / 'course'} doctor once."
        )
    else:
        return error
    explained.__cause__ = error
    return explained
