# Calls everything that fits no single GPU large, even a prompt that fits nowhere.
def classify(input_tokens, output_tokens, rooms):
    total = input_tokens + output_tokens
    if total <= rooms[0]:
        return "short"
    return "medium" if total <= rooms[1] else "large"
