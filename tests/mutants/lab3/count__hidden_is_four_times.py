# The hidden size is always four times the width.
def count_parameters(vocabulary, positions, width, layers, hidden):
    attention = 4 * (width * width + width)
    feed_forward = 8 * width * width + 5 * width
    norms = 2 * 2 * width
    embeddings = (vocabulary + positions) * width
    return embeddings + layers * (attention + feed_forward + norms) + 2 * width
