# Lets the room become negative where the model does not fit.
def kv_room(memory, weights, layers, kv_heads, head_dim, gpus=1, replicas=False):
    token = 4 * layers * kv_heads * head_dim
    if replicas:
        return gpus * int((memory - weights) // token)
    return int((gpus * memory - weights) // token)
