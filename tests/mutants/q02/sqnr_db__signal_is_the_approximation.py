# Measures the energy of the approximation instead of the signal's.
def sqnr_db(x, x_hat):
    x, x_hat = np.asarray(x, dtype=np.float64), np.asarray(x_hat, dtype=np.float64)
    noise = np.sum((x - x_hat) ** 2)
    return math.inf if noise == 0 else float(10 * np.log10(np.sum(x_hat**2) / noise))
