# Divides first: 28 % of 25 become a hair more than 7.
def reserve(input_tokens, generated, seen, share):
    longer = sorted(length for length in seen if length > generated)
    if not longer:
        return input_tokens + max(1000, 2 * generated)
    return input_tokens + longer[math.ceil(share / 100 * len(longer)) - 1]


def grow(request, running, room, block):
    left, back = room - sum(row["reserved"] for row in running), []
    if left == 0:
        newest = max(running, key=lambda row: (row["since"], row["id"]))
        if newest["id"] == request:
            return 0, []
        left, back = newest["reserved"], [newest["id"]]
    return min(block, left), back
