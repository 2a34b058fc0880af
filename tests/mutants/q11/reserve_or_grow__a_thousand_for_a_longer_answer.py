# Gives an answer that is longer than all others the same 1,000 tokens again.
def reserve(input_tokens, generated, seen, share):
    longer = sorted(length for length in seen if length > generated)
    if not longer:
        return input_tokens + 1000
    return input_tokens + longer[math.ceil(share * len(longer) / 100) - 1]


def grow(request, running, room, block):
    left, back = room - sum(row["reserved"] for row in running), []
    if left == 0:
        newest = max(running, key=lambda row: (row["since"], row["id"]))
        if newest["id"] == request:
            return 0, []
        left, back = newest["reserved"], [newest["id"]]
    return min(block, left), back
