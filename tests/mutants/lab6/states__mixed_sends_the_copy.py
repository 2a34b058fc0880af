# In mixed precision parameters travel in FP32.
def sent_per_step(parameters, precision, stage, ranks):
    number = 2 if precision == "bf16" else 4
    return (3 if stage == 3 else 2) * (ranks - 1) * -(-parameters // ranks) * number
