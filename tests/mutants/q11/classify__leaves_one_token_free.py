# Refuses a prompt that fills the room exactly.
def classify(input_tokens, output_tokens, rooms):
    for name, room in zip(("short", "medium", "large"), rooms):
        if input_tokens + output_tokens < room:
            return name
    return "too long"
