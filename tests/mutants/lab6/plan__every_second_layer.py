# Checkpoints every second layer, or all.
def checkpoint_plan(inputs, layers, flops, budget):
    for plan in ([], list(range(0, len(layers), 2)), list(range(len(layers)))):
        if peak_bytes(inputs, layers, plan) <= budget:
            return plan
    raise ValueError("no plan fits")
