# Every stage sends one collective more.
def sent_per_step(parameters, precision, stage, ranks):
    number = 4 if precision == "fp32" else 2
    return (2, 2, 3, 3)[stage] * (ranks - 1) * -(-parameters // ranks) * number
