# Keeps a conversation whole or not at all.
def keep_hot(tokens, reads, room):
    kept = [0] * len(tokens)
    for i in sorted(range(len(tokens)), key=lambda i: -reads[i]):
        if reads[i] > 0:
            kept[i] = tokens[i] if tokens[i] <= room else 0
            room -= kept[i]
    return kept
