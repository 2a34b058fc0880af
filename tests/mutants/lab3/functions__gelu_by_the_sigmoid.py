# The sigmoid form, x times sigmoid(1.702 x), in place of the tanh form.
def gelu(x):
    return x * (1.702 * x).sigmoid()
