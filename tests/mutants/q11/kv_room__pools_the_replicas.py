# Adds up what is left on all GPUs, so that a token may lie half on each.
def kv_room(memory, weights, layers, kv_heads, head_dim, gpus=1, replicas=False):
    token = 4 * layers * kv_heads * head_dim
    copies = gpus if replicas else 1
    return max(0, int((gpus * memory - copies * weights) // token))
