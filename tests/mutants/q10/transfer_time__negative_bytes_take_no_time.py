# Takes negative bytes for none.
def transfer_time(nbytes, link, block=None):
    if nbytes < 0:
        return 0.0
    if nbytes == 0:
        return 0.0
    if block is None:
        return link["latency"] + nbytes / link["bandwidth"]
    return math.ceil(nbytes / block) * (link["latency"] + block / link["bandwidth"])
