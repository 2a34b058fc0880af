# Rounds to the nearest token, though half a token is none.
def kv_room(memory, weights, layers, kv_heads, head_dim, gpus=1, replicas=False):
    token = 4 * layers * kv_heads * head_dim
    if replicas:
        return gpus * max(0, round((memory - weights) / token))
    return max(0, round((gpus * memory - weights) / token))
