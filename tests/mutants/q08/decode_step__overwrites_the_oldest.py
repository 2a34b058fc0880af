# The cache keeps its length: the oldest token falls out.
def decode_step(weights, token, cache):
    x, grown = embed(weights, [token], len(cache[0][0])), []
    for i, (keys, values) in enumerate(cache):
        q, k, v = project(weights, i, x)
        grown.append((torch.cat((keys[1:], k)), torch.cat((values[1:], v))))
        x = finish(weights, i, x, attend(q, *grown[i]))
    return next_logits(weights, x), grown
