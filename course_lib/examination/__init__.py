"""Examining a notebook: student's cells run in one process, tests in another, plain data between them."""

import sys

# jsonschema, which nbformat imports, takes these where they are installed: one compiles a grammar for
# seconds, the other imports a library for dates. They check addresses and durations, which no notebook has.
sys.modules.setdefault("rfc3987_syntax", None)
sys.modules.setdefault("isoduration", None)
