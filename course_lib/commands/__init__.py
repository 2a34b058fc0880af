"""What `./course` runs for students and lecturers; the instructors' commands are in autograder."""
