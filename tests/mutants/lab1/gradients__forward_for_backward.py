# Puts the upstream through the operation itself.
def gradients(operation, inputs, output, upstream, options):
    if len(inputs) == 2:
        return [upstream, upstream]
    return [FORWARD[operation](upstream, **options)]
