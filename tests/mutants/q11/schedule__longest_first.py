# Of those who can start first, takes the longest.
def schedule(prompts, places):
    free = {gpu: 0.0 for place in places.values() for gpu in place["gpus"]}
    plan, waiting = [None] * len(prompts), set(range(len(prompts)))
    while waiting:
        options = []
        for i in waiting:
            for name, place in places.items():
                if place["room"] >= prompts[i]["tokens"]:
                    start = max([prompts[i]["arrived"]] + [free[gpu] for gpu in place["gpus"]])
                    options.append((start, -prompts[i]["seconds"], place["room"], i, name))
        start, seconds, _, i, name = min(options)
        seconds = -seconds
        plan[i] = [name, start]
        for gpu in places[name]["gpus"]:
            free[gpu] = start + seconds
        waiting.remove(i)
    return plan
