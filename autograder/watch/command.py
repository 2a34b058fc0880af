"""`./course watch` in a terminal: a line for each thing that happens, until Ctrl-C."""

import os
import signal

from autograder import limited
from autograder.batch import Standing
from autograder.course import Course
from autograder.engine import UNCONFINED
from autograder.walls import notes
from autograder.watch.watching import Watching

# What reads what arrives, and makes pages of feedback: a first submission need not wait for their import.
READERS = ("autograder.collect", "autograder.exporting", "autograder.leaks")


def watch(
    course: Course, assignments: list[str], once: bool, workers: int | None, scheduler: str | None
) -> int:
    """Watch until Ctrl-C or a polite kill, or `once`; the exit status, 1 where something is not in order."""

    def hire() -> Standing:
        if scheduler:
            from autograder.cluster import DaskWorkers

            return DaskWorkers(scheduler, workers)
        from autograder.workers import LocalWorkers
        from course_lib.notebook.machine import cores

        return LocalWorkers(workers or cores(), ahead=1)

    limited.warm_up(*READERS)
    watching = Watching(course, assignments, hire, lambda line: print(line, flush=True))

    def stop(_number, _frame) -> None:
        if watching.stopped:
            raise KeyboardInterrupt
        watching.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        for note in notes() if UNCONFINED not in os.environ else ():
            print(f"note: {note}.")
        print(f"Watching {', '.join(watching.places)}; the page: {watching.page}", flush=True)
        board = watching.run(once)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if not once:
        print("Stopped. What waits is kept, and ./course watch goes on with it.")
    return 1 if board.wrong else 0
