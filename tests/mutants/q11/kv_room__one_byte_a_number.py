# Takes a number of FP16 for one byte.
def kv_room(memory, weights, layers, kv_heads, head_dim, gpus=1, replicas=False):
    token = 2 * layers * kv_heads * head_dim
    if replicas:
        return gpus * max(0, int((memory - weights) // token))
    return max(0, int((gpus * memory - weights) // token))
