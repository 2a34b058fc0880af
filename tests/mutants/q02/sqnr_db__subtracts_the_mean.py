# Takes variances, which forget a constant error.
def sqnr_db(x, x_hat):
    x, x_hat = np.asarray(x, dtype=np.float64), np.asarray(x_hat, dtype=np.float64)
    noise = np.var(x - x_hat)
    return math.inf if noise == 0 else float(10 * np.log10(np.var(x) / noise))
