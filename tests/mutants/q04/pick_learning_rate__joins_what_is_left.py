# Drops the losses that are not finite and goes on with those after them.
def pick_learning_rate(rates, losses):
    rates, losses = np.asarray(rates), np.asarray(losses, dtype=np.float64)
    rates, losses = rates[np.isfinite(losses)], losses[np.isfinite(losses)]
    smooth = [losses[max(0, i - 2) : i + 3].mean() for i in range(len(losses))]
    if not smooth or np.argmin(smooth) == 0:
        raise ValueError("the loss never fell")
    return float(rates[np.argmin(smooth)] / 10)
