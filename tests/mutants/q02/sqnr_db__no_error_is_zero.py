# Returns 0 dB where there is no error.
def sqnr_db(x, x_hat):
    x, x_hat = np.asarray(x, dtype=np.float64), np.asarray(x_hat, dtype=np.float64)
    noise = np.sum((x - x_hat) ** 2)
    return 0.0 if noise == 0 else float(10 * np.log10(np.sum(x**2) / noise))
