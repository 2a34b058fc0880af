# Takes what lies outside out of what crosses the card's memory.
def step_time(cached, new, outside, model, card):
    token = kv_bytes_per_token(model, 2)
    attended = new * cached + new * (new + 1) / 2
    flops = 2 * model["parameters"] * new + 4 * model["layers"] * model["heads"] * model["head_dim"] * attended
    moved = model["weight_bytes"] + token * (cached + new - outside)
    return max(flops / card["rate"], moved / card["bandwidth"]) + token * outside / card["link"]
