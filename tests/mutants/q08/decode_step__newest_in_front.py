# The new keys and values go to the front: right logits, but a cache out of order.
def decode_step(weights, token, cache):
    x, grown = embed(weights, [token], len(cache[0][0])), []
    for i, (keys, values) in enumerate(cache):
        q, k, v = project(weights, i, x)
        grown.append((torch.cat((k, keys)), torch.cat((v, values))))
        x = finish(weights, i, x, attend(q, *grown[i]))
    return next_logits(weights, x), grown
