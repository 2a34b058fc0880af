# Adds fractions of bytes and groups.
def model_bytes(parameters, bits, group=None, scale_bits=16):
    return (parameters * bits + (0 if group is None else parameters / group * scale_bits)) / 8
