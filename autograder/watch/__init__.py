"""Marks on arrival: a loop that collects what students hand in, grades it, and returns feedback.

Its steps, one a file: arrivals, intake (collect), turns (who is next), desks (grade), returns (feedback), and
page; watching.py is the loop. What it has promised stands on the disk: the slip of a hand-in says that it is
taken, the journal of grading that it is graded, and the slip again that its feedback is back.
"""
