# Always keeps a whole copy of the model on each GPU.
def kv_room(memory, weights, layers, kv_heads, head_dim, gpus=1, replicas=False):
    token = 4 * layers * kv_heads * head_dim
    return gpus * max(0, int((memory - weights) // token))
