# Takes 20 log10 of a ratio of energies, which doubles the decibels.
def sqnr_db(x, x_hat):
    x, x_hat = np.asarray(x, dtype=np.float64), np.asarray(x_hat, dtype=np.float64)
    noise = np.sum((x - x_hat) ** 2)
    return math.inf if noise == 0 else float(20 * np.log10(np.sum(x**2) / noise))
