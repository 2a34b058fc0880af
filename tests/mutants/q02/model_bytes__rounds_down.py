# Rounds down and loses the last byte.
def model_bytes(parameters, bits, group=None, scale_bits=16):
    code_bytes = parameters * bits // 8
    return code_bytes if group is None else code_bytes + -(-parameters // group) * scale_bits // 8
