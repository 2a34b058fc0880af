# A class of one's own that inherits all from the library's.
from course_lib.autodiff import modules


class Linear(modules.Linear):
    def __init__(self, inputs, outputs, rng):
        modules.Linear.__init__(self, inputs, outputs, rng=rng)
