"""What instructors run: releasing, collecting, grading and returning notebooks, on top of nbgrader."""

import sys

# jsonschema, which reads notebooks for nbformat, would otherwise build a parser of international addresses:
# two seconds at the start of every process, for a check of a format that no notebook has.
sys.modules.setdefault("rfc3987_syntax", None)
