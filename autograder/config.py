"""nbgrader's configuration for this course; nbgrader_config.py at the root loads it.

The same lists serve our commands, plain `nbgrader generate_assignment`, `autograde`, `generate_feedback`
and formgrader's buttons.
"""

import os
import sys
import warnings
from pathlib import Path

import nbgrader
import nbgrader.preprocessors as plain
from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from sqlalchemy.exc import SAWarning
from traitlets.config import Config

from autograder import by_descriptor, literal_root, roster, shared_gradebook
from autograder.exporting import NotebookElsewhere, PageElsewhere
from autograder.pages import FILTERS
from autograder.preprocessors.check_regions import CheckRegions
from autograder.preprocessors.clear_hidden_tests import ClearHiddenTests
from autograder.preprocessors.clear_mark_scheme import ClearMarkScheme
from autograder.preprocessors.clear_solutions import ClearSolutions
from autograder.preprocessors.examine import Examine
from autograder.preprocessors.help_marker import HelpMarker
from autograder.preprocessors.hide_tests import HideTests
from autograder.preprocessors.keep_written import KeepWritten
from autograder.preprocessors.name_figures import NameFigures
from autograder.preprocessors.name_tasks import NameTasks
from autograder.preprocessors.restore_cells import RestoreCells
from autograder.preprocessors.restore_metadata import RestoreMetadata
from autograder.preprocessors.save_points import SavePoints
from autograder.preprocessors.withhold_hidden import WithholdHidden

# Ours first; then those that nbgrader would take by itself, for formgrader and for feedback.
TEMPLATES = [
    str(Path(__file__).parent / "templates"),
    str(Path(nbgrader.__file__).parent / "server_extensions" / "formgrader" / "templates"),
]

RELEASE = [
    CheckRegions,  # first: a notebook that is refused has changed nothing
    plain.LockCells,
    ClearSolutions,
    plain.ClearOutput,
    plain.CheckCellMetadata,
    plain.ComputeChecksums,  # of the stubs and the full tests, as SaveCells stores them
    plain.SaveCells,  # before hidden tests and mark schemes go: grading takes them from the gradebook
    ClearHiddenTests,
    ClearMarkScheme,
    plain.ComputeChecksums,  # again, of what students get
    plain.CheckCellMetadata,
]
SANITIZE = [
    plain.ClearOutput,
    RestoreMetadata,  # before anything reads metadata; does DeduplicateIds' work
    plain.OverwriteKernelspec,
    KeepWritten,  # after RestoreMetadata, which says what is a copy; RestoreCells writes over some of it
    RestoreCells,  # after RestoreMetadata: it finds cells by their grade_id
    plain.CheckCellMetadata,
]
AUTOGRADE = [
    Examine,
    plain.LimitOutput,
    SavePoints,  # after Examine: it takes the points from there
    plain.AssignLatePenalties,  # after SavePoints: it reads the score
    plain.CheckCellMetadata,
]
FEEDBACK = [
    plain.GetGrades,
    NameFigures,
    WithholdHidden,  # after GetGrades, before all that counts points
    NameTasks,  # before HideTests, after which a hidden test looks like none
    HideTests,  # last of those that see cells, so that nothing puts back what it took out
    CSSHTMLHeaderPreprocessor,
]


def configure(config: Config, config_file: Path | str) -> None:
    """Set nbgrader up for the course in the folder that holds `config_file`."""
    root = Path(config_file).resolve().parent
    directory = config.CourseDirectory
    directory.root = str(root)
    literal_root.take_literally(str(root))
    roster.let_nbgrader_read_marks()
    if "db_url" not in directory:
        directory.db_url = "sqlite:///" + literal_root.in_an_address(str(root / "gradebook.db"))
    directory.source_directory = "notebooks"
    # The name that nbgrader's API takes when none is given. Its commands would take an empty one, for which
    # it makes no row; PostgreSQL, which enforces references, then refuses every assignment.
    directory.course_id = "default_course"  # lab_settings/exchange/nbgrader_config.py has it, too
    if exchange := os.environ.get("COURSE_EXCHANGE"):
        config.Exchange.root = exchange
    # Figures and records that a notebook leaves beside itself when it is run are no part of an assignment.
    directory.ignore = [".*", "*.pyc", "__pycache__", "effects", "feedback"]

    config.GenerateAssignment.preprocessors = RELEASE
    config.Autograde.sanitize_preprocessors = SANITIZE
    config.Autograde.autograde_preprocessors = AUTOGRADE
    config.Autograde.exporter_class = NotebookElsewhere
    config.GenerateFeedback.exporter_class = PageElsewhere
    config.GenerateFeedback.preprocessors = FEEDBACK

    config.ClearSolutions.text_stub = "*Your answer here.*"
    config.RestoreCells.source_directory = str(root / "notebooks")
    config.KeepWritten.source_directory = str(root / "notebooks")
    config.Examine.source_directory = str(root / "notebooks")

    config.HTMLExporter.extra_template_basedirs = TEMPLATES
    config.HTMLExporter.preprocessors = [HelpMarker]
    config.HTMLExporter.filters = FILTERS
    config.HTMLExporter.sanitize_html = True

    # Formgrader would show the whole configuration on its first page.
    config.FormgradeExtension.debug = False

    # SQLAlchemy 2 warns about the order in which nbgrader 0.9 builds a submission; the rows are right.
    warnings.filterwarnings("ignore", category=SAWarning, module="nbgrader")


by_descriptor.install()
shared_gradebook.hold_to_it()

# nbgrader starts `alembic`, which lies beside Python and is not on the PATH of an environment that was never
# activated.
PROGRAMS = str(Path(sys.executable).parent)
if PROGRAMS not in os.environ.get("PATH", "").split(os.pathsep):
    os.environ["PATH"] = os.pathsep.join([PROGRAMS, os.environ.get("PATH", os.defpath)])
