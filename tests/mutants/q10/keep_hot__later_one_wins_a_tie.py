# Of equals keeps the later.
def keep_hot(tokens, reads, room):
    kept = [0] * len(tokens)
    for i in sorted(range(len(tokens)), key=lambda i: reads[i])[::-1]:
        if reads[i] > 0:
            kept[i] = min(tokens[i], room)
            room -= kept[i]
    return kept
