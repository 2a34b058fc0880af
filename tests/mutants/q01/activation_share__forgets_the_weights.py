# Counts the activations that move, but not the weights that every product reads.
def activation_share(d_model, d_ff, tokens, gated=False):
    ups = 2 if gated else 1
    activation_flops = ups * tokens * d_ff
    activation_moves = (ups + 1) * tokens * d_ff
    flops = ups * tokens * (2 * d_model * d_ff + d_ff) + activation_flops + tokens * (2 * d_ff * d_model + d_model)
    up_moves = tokens * d_model + d_ff + tokens * d_ff
    down_moves = tokens * d_ff + d_model + tokens * d_model
    return activation_flops / flops, activation_moves / (ups * up_moves + activation_moves + down_moves)
