# Compares with the budget what is kept, without the layer at work.
def checkpoint_plan(inputs, layers, flops, budget):
    best = None
    for bits in range(2 ** len(layers)):
        plan = [i for i in range(len(layers)) if bits >> i & 1]
        if sum(inputs[i] if i in plan else layers[i] for i in range(len(layers))) <= budget:
            again = sum(flops[i] for i in plan)
            if best is None or again < best[0]:
                best = again, plan
    if best is None:
        raise ValueError(f"no plan has a peak of at most {budget} bytes")
    return best[1]
