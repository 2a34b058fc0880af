# Shifts everything by a slot, a copy of the whole cache for each token.
def sliding_window_cache(cache, key, value, window, sinks=0):
    if window < 1:
        raise ValueError("window must be at least 1")
    keys, values, positions = (part.copy() for part in cache)
    position = positions.max() + 1 if len(positions) else 0
    if len(positions) < sinks + window:
        return np.vstack([keys, key[None]]), np.vstack([values, value[None]]), np.append(positions, position)
    keep = [*range(sinks), *range(sinks + 1, len(positions))]
    return np.vstack([keys[keep], key[None]]), np.vstack([values[keep], value[None]]), np.append(positions[keep], position)
