# Each step starts from the prompt's cache again.
def generate(weights, prompt, n, use_cache):
    tokens = []
    for _ in range(n):
        if not use_cache:
            logits = forward(weights, prompt + tokens)
        elif not tokens:
            logits, cache = prefill(weights, prompt)
        else:
            logits, _ = decode_step(weights, tokens[-1], cache)
        tokens.append(int(logits.argmax()))
    return tokens
