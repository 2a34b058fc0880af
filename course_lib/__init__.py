"""The shared library of the workbook: facts, engines, topics and views, called by the notebooks."""

__version__ = "0.1.0"
