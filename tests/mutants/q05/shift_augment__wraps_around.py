# Rolls the image, so that what leaves on one side comes in on the other.
def shift_augment(x, most, seed):
    moves = np.random.default_rng(seed).integers(-most, most + 1, size=(len(x), 2))
    return np.stack([np.roll(image, tuple(move), axis=(0, 1)) for image, move in zip(x, moves)])
