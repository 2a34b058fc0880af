# Takes the single lowest loss, which may be one lucky batch.
def pick_learning_rate(rates, losses):
    losses = np.asarray(losses, dtype=np.float64)
    blown_up = np.flatnonzero(~np.isfinite(losses))
    if len(blown_up):
        losses = losses[: blown_up[0]]
    if len(losses) == 0 or np.argmin(losses) == 0:
        raise ValueError("the loss never fell")
    return float(rates[np.argmin(losses)] / 10)
