# The cubic term is forgotten.
def gelu(x):
    return 0.5 * x * (1 + (math.sqrt(2 / math.pi) * x).tanh())
