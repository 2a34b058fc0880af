# The least likely token instead of the most likely one.
def generate(weights, prompt, n, use_cache):
    tokens = []
    for _ in range(n):
        if not use_cache:
            logits = forward(weights, prompt + tokens)
        elif not tokens:
            logits, cache = prefill(weights, prompt)
        else:
            logits, cache = decode_step(weights, tokens[-1], cache)
        tokens.append(int(logits.argmin()))
    return tokens
