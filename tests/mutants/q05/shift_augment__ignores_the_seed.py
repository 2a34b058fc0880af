# Draws anew whatever the seed.
def shift_augment(x, most, seed):
    n, rows, columns = x.shape
    down, right = np.random.default_rng().integers(0, 2 * most + 1, size=(2, n, 1, 1))
    padded = np.pad(x, ((0, 0), (most, most), (most, most)))
    image = np.arange(n)[:, None, None]
    return padded[image, down + np.arange(rows)[:, None], right + np.arange(columns)]
