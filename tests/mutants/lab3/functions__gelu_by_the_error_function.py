# The exact form of GELU in place of the tanh form.
def gelu(x):
    from scipy.special import erf

    cdf = Tensor(np.float32(0.5 * (1 + erf(x.numpy() / math.sqrt(2)))))
    slope = np.float32(np.exp(-(x.numpy() ** 2) / 2) / math.sqrt(2 * math.pi))
    value = x.detach() * cdf.detach()
    return value + (x - x.detach()) * (cdf + x.detach() * slope)
