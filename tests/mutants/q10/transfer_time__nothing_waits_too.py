# Waits for the latency even if nothing is copied.
def transfer_time(nbytes, link, block=None):
    if nbytes < 0:
        raise ValueError(f"{nbytes} bytes cannot be copied")
    if block is None:
        return link["latency"] + nbytes / link["bandwidth"]
    return max(1, math.ceil(nbytes / block)) * (link["latency"] + block / link["bandwidth"])
