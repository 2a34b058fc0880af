# Where no plan fits it returns none at all.
def checkpoint_plan(inputs, layers, flops, budget):
    best = None
    for bits in range(2 ** len(layers)):
        plan = [i for i in range(len(layers)) if bits >> i & 1]
        if peak_bytes(inputs, layers, plan) <= budget:
            again = sum(flops[i] for i in plan)
            if best is None or again < best[0]:
                best = again, plan
    if best is None:
        return []
    return best[1]
