# Forgets that the prompt's tokens need room as well.
def reserve(input_tokens, generated, seen, share):
    longer = sorted(length for length in seen if length > generated)
    if not longer:
        return max(1000, 2 * generated)
    return longer[math.ceil(share * len(longer) / 100) - 1]


def grow(request, running, room, block):
    left, back = room - sum(row["reserved"] for row in running), []
    if left == 0:
        newest = max(running, key=lambda row: (row["since"], row["id"]))
        if newest["id"] == request:
            return 0, []
        left, back = newest["reserved"], [newest["id"]]
    return min(block, left), back
