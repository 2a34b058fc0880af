# Takes the largest layers first until it fits.
def checkpoint_plan(inputs, layers, flops, budget):
    plan = []
    for i in sorted(range(len(layers)), key=lambda i: inputs[i] - layers[i]):
        if peak_bytes(inputs, layers, plan) <= budget:
            break
        plan.append(i)
    if peak_bytes(inputs, layers, plan) > budget:
        raise ValueError("no plan fits")
    return sorted(plan)
