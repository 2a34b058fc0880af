# Every layer attends to the first layer's keys and values.
def decode_step(weights, token, cache):
    x, grown = embed(weights, [token], len(cache[0][0])), []
    for i, (keys, values) in enumerate(cache[:1] * len(cache)):
        q, k, v = project(weights, i, x)
        grown.append((torch.cat((keys, k)), torch.cat((values, v))))
        x = finish(weights, i, x, attend(q, *grown[i]))
    return next_logits(weights, x), grown
