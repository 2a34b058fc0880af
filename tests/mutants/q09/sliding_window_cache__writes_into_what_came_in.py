# Changes the arrays that came in.
def sliding_window_cache(cache, key, value, window, sinks=0):
    if window < 1:
        raise ValueError("window must be at least 1")
    keys, values, positions = cache
    position = positions.max() + 1 if len(positions) else 0
    if len(positions) < sinks + window:
        return np.vstack([keys, key[None]]), np.vstack([values, value[None]]), np.append(positions, position)
    slot = sinks + np.argmin(positions[sinks:])
    keys[slot], values[slot], positions[slot] = key, value, position
    return keys, values, positions
