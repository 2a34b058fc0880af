# Biases are forgotten.
def count_parameters(vocabulary, positions, width, layers, hidden):
    attention = 4 * width * width
    feed_forward = 2 * width * hidden
    norms = 2 * 2 * width
    embeddings = (vocabulary + positions) * width
    return embeddings + layers * (attention + feed_forward + norms) + 2 * width
