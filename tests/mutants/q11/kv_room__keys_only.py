# Counts the keys and forgets the values.
def kv_room(memory, weights, layers, kv_heads, head_dim, gpus=1, replicas=False):
    token = layers * kv_heads * head_dim * 2
    if replicas:
        return gpus * max(0, int((memory - weights) // token))
    return max(0, int((gpus * memory - weights) // token))
