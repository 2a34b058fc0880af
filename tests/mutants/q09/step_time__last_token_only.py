# Counts the cached tokens once, not once for each new token.
def step_time(cached, new, outside, model, card):
    token = kv_bytes_per_token(model, 2)
    attended = cached + new
    flops = 2 * model["parameters"] * new + 4 * model["layers"] * model["heads"] * model["head_dim"] * attended
    moved = model["weight_bytes"] + token * (cached + new)
    return max(flops / card["rate"], moved / card["bandwidth"]) + token * outside / card["link"]
