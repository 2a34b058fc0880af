# Keeps all data as float32.
def __init__(self, data, operation="", inputs=(), options=None):
    self.data = np.asarray(data, np.float32)
    self.operation, self.inputs, self.options = operation, inputs, options or {}
    self.gradient = None


Tensor.__init__ = __init__
