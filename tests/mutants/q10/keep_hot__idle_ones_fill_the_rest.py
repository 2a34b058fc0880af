# Fills what is left with conversations that are never read.
def keep_hot(tokens, reads, room):
    kept = [0] * len(tokens)
    for i in sorted(range(len(tokens)), key=lambda i: -reads[i]):
        kept[i] = min(tokens[i], room)
        room -= kept[i]
    return kept
