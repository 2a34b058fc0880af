# Takes the first layer's KV heads for all layers.
def kv_bytes_per_token(shape, bytes_per_number):
    heads = shape["kv_heads"]
    if isinstance(heads, list):
        heads = heads[0]
    return 2 * shape["layers"] * heads * shape["head_dim"] * bytes_per_number
