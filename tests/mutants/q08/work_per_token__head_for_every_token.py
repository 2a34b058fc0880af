# The head is counted for every token, though only the last one meets it.
def work_per_token(n, shape, cached, bytes_per_number=2):
    inner, kv_inner = shape["heads"] * shape["head_dim"], shape["kv_heads"] * shape["head_dim"]
    matrices = 3 if shape["gated"] else 2
    layers = shape["layers"] * shape["width"] * (2 * inner + 2 * kv_inner + matrices * shape["feed_forward"])
    head = shape["vocabulary"] * shape["width"]
    computed = 1 if cached else n
    looks = n if cached else n * (n + 1) // 2
    flops = 2 * (layers + head) * computed + 4 * shape["layers"] * inner * looks
    return flops, bytes_per_number * (layers + head + (2 * shape["layers"] * kv_inner * n if cached else 0))
