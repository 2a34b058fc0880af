# The feed-forward part has the bias of its last map only.
def count_parameters(vocabulary, positions, width, layers, hidden):
    attention = 4 * (width * width + width)
    feed_forward = 2 * width * hidden + width
    norms = 2 * 2 * width
    embeddings = (vocabulary + positions) * width
    return embeddings + layers * (attention + feed_forward + norms) + 2 * width
