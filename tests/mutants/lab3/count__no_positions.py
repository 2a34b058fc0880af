# The position embedding is forgotten.
def count_parameters(vocabulary, positions, width, layers, hidden):
    attention = 4 * (width * width + width)
    feed_forward = width * hidden + hidden + hidden * width + width
    norms = 2 * 2 * width
    embeddings = vocabulary * width
    return embeddings + layers * (attention + feed_forward + norms) + 2 * width
