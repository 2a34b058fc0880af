# Takes a negative stage for stage 0.
def model_states(parameters, precision, optimizer, stage, ranks):
    number, copy = {"fp32": (4, 0), "mixed": (2, 4), "bf16": (2, 0)}.get(precision, (0, 0))
    moments = {"adam": 2, "momentum": 1, "sgd": 0}
    if not number or optimizer not in moments or stage > 3:
        raise ValueError(f"there is no {precision!r} with {optimizer!r} at stage {stage!r}")
    part = -(-parameters // ranks)
    return {
        "parameters": number * (part if stage >= 3 else parameters),
        "gradients": number * (part if stage >= 2 else parameters),
        "optimizer": (copy + 4 * moments[optimizer]) * (part if stage >= 1 else parameters),
    }
