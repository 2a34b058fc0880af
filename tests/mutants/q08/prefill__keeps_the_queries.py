# Queries instead of keys: no later token asks for them.
def prefill(weights, tokens):
    x, cache = embed(weights, tokens, 0), []
    for i in range(len(weights["layers"])):
        q, k, v = project(weights, i, x)
        cache.append((q, v))
        x = finish(weights, i, x, attend(q, k, v))
    return next_logits(weights, x), cache
