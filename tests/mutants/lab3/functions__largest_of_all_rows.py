# The largest of the whole array is taken off, so rows far below it underflow.
def logsumexp(x):
    largest = float(x.numpy().max())
    return (x - largest).exp().sum(-1).log() + largest
