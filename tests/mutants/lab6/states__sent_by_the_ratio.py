# Sends 2(N - 1)/N of the message, parts not filled up.
def sent_per_step(parameters, precision, stage, ranks):
    number = 4 if precision == "fp32" else 2
    return (3 if stage == 3 else 2) * (ranks - 1) * parameters / ranks * number
