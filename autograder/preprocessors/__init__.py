"""The steps of release, grading and feedback that differ from nbgrader's own: one small class per file.

autograder/config.py puts them into nbgrader's lists, where their order can be read.
"""
