"""The shared library of the workbook: facts, engines, topics and demos, called by the notebooks."""

__version__ = "0.2.0"
