"""What every program with a gradebook holds to: readers and a writer share it, changes are written down."""

import contextlib
import sqlite3

from nbgrader import api, dbutil
from sqlalchemy import event
from sqlalchemy.engine import Engine

from autograder import grade_log

BUSY_TIMEOUT = 30_000  # milliseconds to wait for another writer of the gradebook


def hold_to_it() -> None:
    """From now on in this program; calling it again does no harm."""
    grade_log.watch()
    api.get_alembic_version = version_of_a_new_gradebook
    if not event.contains(Engine, "connect", _share):
        event.listen(Engine, "connect", _share)


def version_of_a_new_gradebook() -> str:
    """What `alembic heads` prints: nbgrader starts that program, for over a second of a processor."""
    from alembic.script import ScriptDirectory

    return ScriptDirectory(dbutil.ALEMBIC_DIR).get_current_head()


def _share(connection, _record) -> None:
    """SQLite's default fails at once when formgrader reads while grading writes."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT}")
        # Some network file systems cannot keep the shared memory of a write-ahead log.
        with contextlib.suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA journal_mode = WAL")
