# Gives each its share of the room.
def keep_hot(tokens, reads, room):
    total = sum(reads) or 1
    return [min(count, int(room * share / total)) for count, share in zip(tokens, reads)]
