# The cache that came in is changed: a second continuation finds the first one's token.
def decode_step(weights, token, cache):
    x = embed(weights, [token], len(cache[0][0]))
    for i, (keys, values) in enumerate(cache):
        q, k, v = project(weights, i, x)
        cache[i] = torch.cat((keys, k)), torch.cat((values, v))
        x = finish(weights, i, x, attend(q, *cache[i]))
    return next_logits(weights, x), cache
