# Returns the rate at the lowest loss itself, where training is already about to break.
def pick_learning_rate(rates, losses):
    losses = np.asarray(losses, dtype=np.float64)
    blown_up = np.flatnonzero(~np.isfinite(losses))
    if len(blown_up):
        losses = losses[: blown_up[0]]
    smooth = [losses[max(0, i - 2) : i + 3].mean() for i in range(len(losses))]
    if not smooth or np.argmin(smooth) == 0:
        raise ValueError("the loss never fell")
    return float(rates[np.argmin(smooth)])
