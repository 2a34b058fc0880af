# Answers by rule of thumb: copies, shards or stages of everything, whatever fits.
def choose_layout(model, cluster, wish):
    gpus = cluster["gpus"]
    return {"faster": (1, gpus, 1), "more users": (gpus, 1, 1), "bigger model": (1, 1, gpus)}[wish]
