# Forgets that the answer's tokens need room as well.
def classify(input_tokens, output_tokens, rooms):
    for name, room in zip(("short", "medium", "large"), rooms):
        if input_tokens <= room:
            return name
    return "too long"
