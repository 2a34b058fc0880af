# Without a cache only the last token is computed, without the text before it.
def generate(weights, prompt, n, use_cache):
    tokens = []
    for _ in range(n):
        if not use_cache:
            logits = forward(weights, (prompt + tokens)[-1:])
        elif not tokens:
            logits, cache = prefill(weights, prompt)
        else:
            logits, cache = decode_step(weights, tokens[-1], cache)
        tokens.append(int(logits.argmax()))
    return tokens
