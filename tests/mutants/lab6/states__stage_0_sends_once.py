# At stage 0 a rank sends its gradients once.
def sent_per_step(parameters, precision, stage, ranks):
    number = 4 if precision == "fp32" else 2
    return (1 if stage == 0 else 3 if stage == 3 else 2) * (ranks - 1) * -(-parameters // ranks) * number
