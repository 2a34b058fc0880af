# Returns the entries in the order of planning instead of that of the prompts.
def schedule(prompts, places):
    free = {gpu: 0.0 for place in places.values() for gpu in place["gpus"]}
    plan, waiting = [], set(range(len(prompts)))
    while waiting:
        options = []
        for i in waiting:
            for name, place in places.items():
                if place["room"] >= prompts[i]["tokens"]:
                    start = max([prompts[i]["arrived"]] + [free[gpu] for gpu in place["gpus"]])
                    options.append((start, prompts[i]["seconds"], place["room"], i, name))
        start, seconds, _, i, name = min(options)
        plan.append([name, start])
        for gpu in places[name]["gpus"]:
            free[gpu] = start + seconds
        waiting.remove(i)
    return plan
