# Sends back whichever prompt is full, however old it is.
def reserve(input_tokens, generated, seen, share):
    longer = sorted(length for length in seen if length > generated)
    if not longer:
        return input_tokens + max(1000, 2 * generated)
    return input_tokens + longer[math.ceil(share * len(longer) / 100) - 1]


def grow(request, running, room, block):
    left = room - sum(row["reserved"] for row in running)
    return min(block, left), []
