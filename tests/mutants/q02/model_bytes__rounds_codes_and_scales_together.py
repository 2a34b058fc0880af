# Rounds up once, as if codes and scales lay in one file.
def model_bytes(parameters, bits, group=None, scale_bits=16):
    groups = 0 if group is None else -(-parameters // group)
    return -(-(parameters * bits + groups * scale_bits) // 8)
