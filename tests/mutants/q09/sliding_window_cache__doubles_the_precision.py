# Turns half precision into double.
def sliding_window_cache(cache, key, value, window, sinks=0):
    if window < 1:
        raise ValueError("window must be at least 1")
    keys, values, positions = (part.copy() for part in cache)
    position = positions.max() + 1 if len(positions) else 0
    if len(positions) < sinks + window:
        return np.array([*keys.tolist(), key.tolist()]), np.array([*values.tolist(), value.tolist()]), np.append(positions, position)
    slot = sinks + np.argmin(positions[sinks:])
    keys[slot], values[slot], positions[slot] = key, value, position
    return keys, values, positions
