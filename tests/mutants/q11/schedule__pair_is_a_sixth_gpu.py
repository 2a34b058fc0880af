# Takes both GPUs of C4 together for a GPU of its own.
def schedule(prompts, places):
    free = dict.fromkeys(places, 0.0)
    plan, waiting = [None] * len(prompts), set(range(len(prompts)))
    while waiting:
        options = []
        for i in waiting:
            for name, place in places.items():
                if place["room"] >= prompts[i]["tokens"]:
                    start = max(prompts[i]["arrived"], free[name])
                    options.append((start, prompts[i]["seconds"], place["room"], i, name))
        start, seconds, _, i, name = min(options)
        plan[i] = [name, start]
        free[name] = start + seconds
        waiting.remove(i)
    return plan
