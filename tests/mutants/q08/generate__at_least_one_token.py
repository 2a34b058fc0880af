# The token after the prefill is returned even when none was asked for.
def generate(weights, prompt, n, use_cache):
    tokens = []
    for _ in range(max(1, n)):
        if not use_cache:
            logits = forward(weights, prompt + tokens)
        elif not tokens:
            logits, cache = prefill(weights, prompt)
        else:
            logits, cache = decode_step(weights, tokens[-1], cache)
        tokens.append(int(logits.argmax()))
    return tokens
