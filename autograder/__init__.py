"""What instructors run: releasing, collecting, grading and returning notebooks, on top of nbgrader."""
