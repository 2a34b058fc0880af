# After the prefill the prompt's last token goes through the model a second time.
def generate(weights, prompt, n, use_cache):
    tokens = []
    for _ in range(n):
        if not use_cache:
            logits = forward(weights, prompt + tokens)
        elif not tokens:
            logits, cache = decode_step(weights, prompt[-1], prefill(weights, prompt)[1])
        else:
            logits, cache = decode_step(weights, tokens[-1], cache)
        tokens.append(int(logits.argmax()))
    return tokens
