"""Examining a notebook: student's cells run in one process, tests in another, plain data between them."""
