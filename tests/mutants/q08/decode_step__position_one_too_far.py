# The new token stands one place too far.
def decode_step(weights, token, cache):
    x, grown = embed(weights, [token], len(cache[0][0]) + 1), []
    for i, (keys, values) in enumerate(cache):
        q, k, v = project(weights, i, x)
        grown.append((torch.cat((keys, k)), torch.cat((values, v))))
        x = finish(weights, i, x, attend(q, *grown[i]))
    return next_logits(weights, x), grown
