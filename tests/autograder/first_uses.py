"""What the grader and its programs do at a first use, done once in the process that forks them.

Importing this sets up the tables of nbgrader and compiles the format of notebooks.
"""

import gc

import nbgrader.api  # noqa: F401  the tables that are set up below
from nbformat.validator import get_validator
from sqlalchemy.orm import configure_mappers

configure_mappers()
for minor in range(6):
    get_validator(4, minor)
gc.collect()
gc.freeze()  # a collection in a fork would copy every page it looks at
