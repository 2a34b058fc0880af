# Inherits everything from the library's tensor.
from course_lib import autodiff


class Tensor(autodiff.Tensor):
    def __init__(self, data):
        super().__init__(data, requires_grad=True)

    gradient = property(lambda self: self.grad)
