# Sends everything to both GPUs of C4, where everything fits.
def schedule(prompts, places):
    now, plan = 0.0, []
    largest = max(places, key=lambda name: places[name]["room"])
    for prompt in prompts:
        now = max(now, prompt["arrived"])
        plan.append([largest, now])
        now += prompt["seconds"]
    return plan
