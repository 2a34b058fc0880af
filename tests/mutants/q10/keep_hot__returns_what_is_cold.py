# Returns what must cross, not what stays.
def keep_hot(tokens, reads, room):
    kept = [0] * len(tokens)
    for i in sorted(range(len(tokens)), key=lambda i: -reads[i]):
        if reads[i] > 0:
            kept[i] = min(tokens[i], room)
            room -= kept[i]
    return [count - stay for count, stay in zip(tokens, kept)]
