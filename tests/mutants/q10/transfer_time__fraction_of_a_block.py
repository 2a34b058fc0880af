# Counts fractions of a block.
def transfer_time(nbytes, link, block=None):
    if nbytes < 0:
        raise ValueError(f"{nbytes} bytes cannot be copied")
    if nbytes == 0:
        return 0.0
    if block is None:
        return link["latency"] + nbytes / link["bandwidth"]
    return nbytes / block * (link["latency"] + block / link["bandwidth"])
