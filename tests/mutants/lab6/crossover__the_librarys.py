# Asks the library.
def attended_pairs(length, window):
    from course_lib.costs.roofline import attended_pairs as library

    return library(length, window)
