# Asks how many ranks there are before it asks for the kind, so that one rank may name any.
def collective_time(kind, nbytes, ranks, link):
    ring = {"reduce_scatter": 1, "all_gather": 1, "all_to_all": 1, "all_reduce": 2}
    if ranks == 1:
        return 0.0
    if kind not in (*ring, "send", "broadcast"):
        raise ValueError(f"unknown collective {kind!r}")
    if kind in ring:
        steps, size = ring[kind] * (ranks - 1), nbytes / ranks
    else:
        steps, size = 1 if kind == "send" else math.ceil(math.log2(ranks)), nbytes
    return steps * (link["latency"] + size / link["bandwidth"])
