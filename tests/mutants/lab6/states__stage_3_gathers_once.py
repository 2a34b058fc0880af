# Gathers parameters once, and adds them after the step.
def sent_per_step(parameters, precision, stage, ranks):
    number = 4 if precision == "fp32" else 2
    return (4 if stage == 3 else 2) * (ranks - 1) * -(-parameters // ranks) * number
