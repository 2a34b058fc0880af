# Leaves the change of one set in the next.
def cheapest_fix(budget, case, choices):
    best = None
    for size in range(len(choices) + 1):
        for chosen in combinations(choices, size):
            fields = [field for remedy in chosen for field in remedy["change"]]
            if len(fields) != len(set(fields)):
                continue
            now = case
            for remedy in chosen:
                now.update(remedy["change"])
            held, parts = now["tokens"] * now["kv_bytes"], now["layers"]
            transfer = transfer_time(max(0, held - now["room"]) / parts, now["link"])
            compute = (now["weight_bytes"] + held) / now["memory_bandwidth"] / parts
            seconds = pipeline_time([transfer] * parts, [compute] * parts, now["buffers"])
            price = sum(remedy["price"] for remedy in chosen)
            if seconds <= budget and (best is None or (price, seconds) < best[0]):
                best = (price, seconds), [remedy["name"] for remedy in chosen]
    if best is None:
        raise ValueError(f"nothing brings a token to {budget} s")
    return best[1]
