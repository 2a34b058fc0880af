# Shared key heads are copied for every query head: a cache as large as without sharing.
def prefill(weights, tokens):
    x, cache = embed(weights, tokens, 0), []
    for i in range(len(weights["layers"])):
        q, k, v = project(weights, i, x)
        cache.append(tuple(part.repeat_interleave(q.shape[1] // part.shape[1], 1) for part in (k, v)))
        x = finish(weights, i, x, attend(q, k, v))
    return next_logits(weights, x), cache
