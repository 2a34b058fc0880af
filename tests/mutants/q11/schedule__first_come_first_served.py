# Serves strictly in order of arrival, each on the place where it can start first.
def schedule(prompts, places):
    free = {gpu: 0.0 for place in places.values() for gpu in place["gpus"]}
    plan = []
    for prompt in prompts:
        options = []
        for name, place in places.items():
            if place["room"] >= prompt["tokens"]:
                start = max([prompt["arrived"]] + [free[gpu] for gpu in place["gpus"]])
                options.append((start, place["room"], name))
        start, _, name = min(options)
        plan.append([name, start])
        for gpu in places[name]["gpus"]:
            free[gpu] = start + prompt["seconds"]
    return plan
