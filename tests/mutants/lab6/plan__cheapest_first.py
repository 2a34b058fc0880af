# Takes the layers with the fewest FLOPs first until it fits.
def checkpoint_plan(inputs, layers, flops, budget):
    plan = []
    for i in sorted(range(len(layers)), key=lambda i: flops[i]):
        if peak_bytes(inputs, layers, plan) <= budget:
            break
        plan.append(i)
    if peak_bytes(inputs, layers, plan) > budget:
        raise ValueError("no plan fits")
    return sorted(plan)
