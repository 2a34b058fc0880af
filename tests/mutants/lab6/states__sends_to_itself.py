# A rank sends its own part as well.
def sent_per_step(parameters, precision, stage, ranks):
    number = 4 if precision == "fp32" else 2
    return (3 if stage == 3 else 2) * ranks * -(-parameters // ranks) * number
