"""Hostile and odd submissions through plain nbgrader and through our grader, beside the outcome that is fair.

./course bench hostile              runs both, prints, writes results/hostile.json and the table in the docs
./course bench hostile NAME...      only these cases; the others keep their figures
"""

import argparse
import json
import os
import re
import signal
import sys
import tempfile
import types
from pathlib import Path

from autograder.engine import Assignment, Times, grade_submission
from benchmarks import plain_nbgrader
from course_lib.notebook.machine import machine
from course_lib.paths import ROOT, write_atomically

# The corpus lies in a namespace package, behind which any installed package `tests` would otherwise stand.
sys.modules["tests"] = types.ModuleType("tests")
sys.modules["tests"].__path__ = [str(ROOT / "tests")]

from tests.autograder.corpus import assignment, page  # noqa: E402
from tests.autograder.corpus.case import Case  # noqa: E402
from tests.autograder.corpus.catalogue import HOSTILE, ODD  # noqa: E402
from tests.autograder.corpus.host import Host, processes_named  # noqa: E402
from tests.autograder.corpus.judge import leaked, unfair  # noqa: E402

RESULT = ROOT / "benchmarks" / "results" / "hostile.json"
PAGE = ROOT / "docs" / "grading_security.md"
BEGIN, END = "<!-- written by ./course bench hostile -->", "<!-- end -->"
TIMES = Times(cell=20, call=10, test=40)
# Each was read with plain nbgrader in mind: it can harm the throwaway course and home, and nothing else.
CHOSEN = (
    *("input_transformer", "ast_transformer", "patched_libraries", "patched_marking", "names_of_the_tests"),
    *("modules_beside_the_notebook", "expected_from_the_frame", "thread_edits_later", "exits_when_called"),
    *("always_equal", "array_subclass", "tensor_subclass", "course_folder", "own_heap", "inputs_printed"),
    *("inputs_raised", "results_forged", "tests_twice", "more_questions", "kill_parent", "children_left"),
    *("gradebook_written", "instructor_files_written", "loopback_tcp", "html_output", "answer_with_script"),
    *("stderr", "warnings", "exception_elsewhere", "exit_elsewhere", "asks_for_a_name", "solution_copied"),
    *("test_deleted", "solution_as_text", "names_taken", "utf_16", "format_3", "marks_removed"),
    *("inputs_raised_as_the_graders_own", "inputs_in_a_key_error", "inputs_in_an_absent_file"),
    *("verdict_crowded_out", "largest_value_that_may_be_sent", "seventeen_megabytes"),
    *("half_a_character", "integer_that_cannot_be_shown", "stops_the_iteration"),
    *("stops_by_another_name", "exits_the_generator", "prints_half_a_character"),
    *("half_a_character_in_text", "half_a_character_in_an_error", "half_a_character_as_a_result"),
    *("half_a_character_in_data", "deep_json", "figure_of_a_million_points", "figure_of_many_points"),
    *("text_of_an_error_exits", "text_of_an_error_never_ends", "class_of_an_error_lies"),
    *("name_of_an_error_is_a_program", "groups_of_errors", "errors_with_endless_causes"),
    *("errors_of_python_itself", "half_characters_in_errors", "half_characters_as_keys"),
    *("escapes_in_a_result", "escapes_in_an_error", "escapes_in_an_absent_file", "escapes_in_outputs"),
    *("hostile_metadata_of_displays", "figures_of_no_figure", "links_of_all_kinds"),
    *("attributes_that_exit", "names_of_functions", "frames_of_half_characters"),
    *("code_of_half_characters", "environment_of_half_characters", "softmax_of_text"),
    *("echo_in_a_solution", "pip_in_a_solution", "power_from_a_command", "command_when_called"),
    *("exit_status_of_a_command", "module_by_writefile_and_run", "table_by_bash", "timed_solution"),
    *("captured_solution", "profiled_solution", "plot_in_a_solution", "awaited_solution"),
    *("asked_in_a_solution", "files_of_a_solution", "progress_in_a_solution", "state_that_grows"),
    *("threads_and_queues", "processes_by_hand", "warnings_are_errors", "thousands_of_calls"),
    *("error_below_a_solution", "error_that_returns_no_text", "error_groups_below"),
    *("error_in_a_representation", "error_in_a_property", "keys_of_all_kinds", "main_guard"),
    *("tree_of_thirty", "redefined_display", "thousand_outputs", "half_finished"),
    *("pythons_started", "processes_spawned", "data_loader_in_a_solution", "server_on_loopback"),
    *("programs_awaited", "streams_of_python"),
)
WATCHED = {"kill_parent", "solution_copied", "tests_twice", "course_folder", "format_3", "utf_16"}


def main() -> None:
    parser = argparse.ArgumentParser(prog="./course bench hostile", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="cases; all that are chosen by default")
    names = parser.parse_args().names
    cases = [case for family in (HOSTILE | ODD).values() for case in family if case.name in (names or CHOSEN)]
    if unknown := set(names or CHOSEN) - {case.name for case in cases}:
        raise SystemExit(f"There is no case {', '.join(sorted(unknown))} in tests/autograder/corpus/.")
    rows = {row["case"]: row for row in json.loads(RESULT.read_text())["cases"]} if RESULT.exists() else {}
    graded = Assignment.from_source(assignment.source())
    with tempfile.TemporaryDirectory(prefix="course_hostile_") as folder:
        template = plain_nbgrader.make_course(Path(folder) / "template", assignment.source())
        with Host(Path(folder) / "host") as host:
            for case in cases:
                row = rows[case.name] = _row(case, graded, template, Path(folder) / "course", host)
                print(f"{case.name:28} {row['plain']:60} {row['ours']:12} fair {row['fair']}", flush=True)
                write([rows[name] for name in CHOSEN if name in rows])


def write(rows: list[dict]) -> None:
    """Keep the figures and the table after each case: some runs end early."""
    record = {"machine": machine(), "cases": rows}
    write_atomically(RESULT, json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    write_page(rows)


def _row(case: Case, graded: Assignment, template: Path, course: Path, host: Host) -> dict:
    places = host.places() | {"course": course}
    # nbgrader refuses more points than a test has; a student asks for what there is.
    data = case.submission(**places).replace(b"100.0", b"1.0")
    following = Case("honest", "right answers").submission() if case.name in WATCHED else None
    payload = f"steal{places['mark']}"

    def searched(shown: str) -> bool:
        return bool(page.active(shown, payload))

    plain = plain_nbgrader.run(
        data, template, course, following, (*assignment.CANARIES, *assignment.INPUTS), searched
    )
    plain.notes += ["a service of the machine is reached"] if host.reached() else []
    while host.reached():  # the same one again
        pass
    left = processes_named(places["mark"])
    plain.notes += ["processes are left"] if left else []
    for process in left:
        os.kill(int(process.partition(":")[0]), signal.SIGKILL)
    ours = grade_submission(data, graded, times=TIMES)
    wrong = unfair(case, ours) + leaked(ours)
    return {
        "case": case.name,
        "about": case.about,
        "fair": _fair(case),
        "plain": _said(plain.points, plain.notes),
        "plain_is_fair": _is_fair(case, plain),
        "ours": _said(None if ours.reason else ours.points, wrong),
        "ours_is_fair": not wrong,
    }


def _tests(points: dict) -> dict[str, float]:
    return {name: value or 0.0 for name, value in points.items() if name != "q00_explain"}


def _fair(case: Case) -> str:
    if case.ungradable:
        return "no score, with a reason"
    parts = [(assignment.FULL[task], case.points[task]) for task in assignment.tasks(case.kernel)]
    least = sum(sum(points) if points is not None else 0 for _, points in parts)
    most = sum(sum(points if points is not None else full) for full, points in parts)
    return f"{least:g} of 5" if least == most else f"{least:g} to {most:g} of 5"


def _is_fair(case: Case, plain: plain_nbgrader.Outcome) -> bool:
    if plain.notes:
        return False
    if plain.points is None:
        return case.ungradable is not False
    expected = {
        f"q00_{task}_{kind}": points
        for task in assignment.tasks(case.kernel)
        if case.points[task] is not None
        for kind, points in zip(("test", "hidden"), case.points[task], strict=True)
    }
    return all(abs(plain.points.get(name, -1) - points) < 1e-6 for name, points in expected.items())


def _said(points: dict | None, notes: list[str]) -> str:
    got = "no score" if points is None else f"{sum(_tests(points).values()):g} of 5"
    return "; ".join([got, *notes])


def write_page(rows: list[dict]) -> None:
    """Put the table into its place in docs/grading_security.md."""
    fair = sum(row["plain_is_fair"] for row in rows)
    lines = [
        f"Of these {len(rows)} cases plain nbgrader judges {fair} fairly, our grader "
        f"{sum(row['ours_is_fair'] for row in rows)}.",
        "",
        "| Case | What the student did | Plain nbgrader | Ours | Fair |",
        "| --- | --- | --- | --- | --- |",
        *(
            f"| `{row['case']}` | {row['about']} | {row['plain']}{'' if row['plain_is_fair'] else ' ✗'} | "
            f"{row['ours']}{'' if row['ours_is_fair'] else ' ✗'} | {row['fair']} |"
            for row in rows
        ),
    ]
    text = PAGE.read_text("utf-8")
    between = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.S)
    table = "\n".join([BEGIN, *lines, END])
    write_atomically(PAGE, between.sub(lambda _: table, text))


if __name__ == "__main__":
    main()
