# Checkpoints the fewest layers, whatever they compute.
def checkpoint_plan(inputs, layers, flops, budget):
    best = None
    for bits in range(2 ** len(layers)):
        plan = [i for i in range(len(layers)) if bits >> i & 1]
        if peak_bytes(inputs, layers, plan) <= budget:
            again = len(plan)
            if best is None or again < best[0]:
                best = again, plan
    if best is None:
        raise ValueError(f"no plan has a peak of at most {budget} bytes")
    return best[1]
