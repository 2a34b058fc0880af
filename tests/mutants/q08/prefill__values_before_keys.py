# Values and keys change places in the pair.
def prefill(weights, tokens):
    x, cache = embed(weights, tokens, 0), []
    for i in range(len(weights["layers"])):
        q, k, v = project(weights, i, x)
        cache.append((v, k))
        x = finish(weights, i, x, attend(q, k, v))
    return next_logits(weights, x), cache
