# Takes the first layer's KV heads for all layers.
def kv_bytes_per_token(shape, number):
    heads = shape["kv_heads"]
    if isinstance(heads, list):
        heads = heads[0]
    return 2 * shape["layers"] * heads * shape["head_dim"] * number
