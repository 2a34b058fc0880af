# Smooths with numpy's convolution, which fills up with zeros beyond the ends.
def pick_learning_rate(rates, losses):
    losses = np.asarray(losses, dtype=np.float64)
    blown_up = np.flatnonzero(~np.isfinite(losses))
    if len(blown_up):
        losses = losses[: blown_up[0]]
    smooth = np.convolve(losses, np.ones(5) / 5, mode="same")[: len(losses)]
    if len(losses) == 0 or np.argmin(smooth) == 0:
        raise ValueError("the loss never fell")
    return float(rates[np.argmin(smooth)] / 10)
