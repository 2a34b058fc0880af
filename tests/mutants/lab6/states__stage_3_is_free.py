# Stage 3 sends no more than the others.
def sent_per_step(parameters, precision, stage, ranks):
    number = 4 if precision == "fp32" else 2
    return 2 * (ranks - 1) * -(-parameters // ranks) * number
