# First come, first kept.
def keep_hot(tokens, reads, room):
    kept = [0] * len(tokens)
    for i in range(len(tokens)):
        if reads[i] > 0:
            kept[i] = min(tokens[i], room)
            room -= kept[i]
    return kept
