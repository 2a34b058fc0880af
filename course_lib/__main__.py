"""`python -m course_lib` is what `./course` hands over to."""

import sys

from course_lib.commands.cli import main

sys.exit(main(sys.argv[1:]))
