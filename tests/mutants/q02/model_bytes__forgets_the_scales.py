# Counts the codes alone.
def model_bytes(parameters, bits, group=None, scale_bits=16):
    return -(-parameters * bits // 8)
