"""Examining a notebook: student's cells run in one process, tests in another, plain data between them."""

import sys

# jsonschema, which nbformat imports, takes it where it is installed, and it compiles a grammar for seconds.
# It checks internationalized addresses, which no notebook has.
sys.modules.setdefault("rfc3987_syntax", None)
