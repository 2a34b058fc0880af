# Only the last token's keys and values are kept.
def prefill(weights, tokens):
    x, cache = embed(weights, tokens, 0), []
    for i in range(len(weights["layers"])):
        q, k, v = project(weights, i, x)
        cache.append((k[-1:], v[-1:]))
        x = finish(weights, i, x, attend(q, k, v))
    return next_logits(weights, x), cache
