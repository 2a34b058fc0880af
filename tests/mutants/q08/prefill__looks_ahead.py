# The prompt's tokens see those behind them.
def prefill(weights, tokens):
    x, cache = embed(weights, tokens, 0), []
    for i in range(len(weights["layers"])):
        q, k, v = project(weights, i, x)
        cache.append((k, v))
        x = finish(weights, i, x, torch.cat([attend(q[i : i + 1], k, v) for i in range(len(q))]))
    return next_logits(weights, x), cache
