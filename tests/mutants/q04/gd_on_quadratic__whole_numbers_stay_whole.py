# Stores positions in an array of the start's own type, which cuts fractions off.
def gd_on_quadratic(lr, curvatures, x0, steps, momentum=0.0):
    x0 = np.asarray(x0)
    positions = np.empty((steps + 1, len(x0)), dtype=x0.dtype)
    positions[0] = x0
    velocity = np.zeros(len(x0))
    for step in range(steps):
        velocity = momentum * velocity + np.asarray(curvatures) * positions[step]
        positions[step + 1] = positions[step] - lr * velocity
    return positions
