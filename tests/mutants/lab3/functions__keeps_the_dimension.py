# The last dimension stays, with size 1.
def logsumexp(x):
    largest = x.max(-1, keepdim=True).detach()
    return (x - largest).exp().sum(-1, keepdim=True).log() + largest
