# Keeps every prompt on the places of its class, and C4 idle.
def schedule(prompts, places):
    free = {gpu: 0.0 for place in places.values() for gpu in place["gpus"]}
    plan, waiting = [None] * len(prompts), set(range(len(prompts)))
    while waiting:
        options = []
        for i in waiting:
            for name, place in places.items():
                fitting = [p["room"] for p in places.values() if p["room"] >= prompts[i]["tokens"]]
                if place["room"] == min(fitting):
                    start = max([prompts[i]["arrived"]] + [free[gpu] for gpu in place["gpus"]])
                    options.append((start, prompts[i]["seconds"], place["room"], i, name))
        start, seconds, _, i, name = min(options)
        plan[i] = [name, start]
        for gpu in places[name]["gpus"]:
            free[gpu] = start + seconds
        waiting.remove(i)
    return plan
