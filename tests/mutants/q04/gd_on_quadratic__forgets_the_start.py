# Returns the positions after each step and leaves the start out.
def gd_on_quadratic(lr, curvatures, x0, steps, momentum=0.0):
    x = np.array(x0, dtype=np.float64)
    velocity = np.zeros_like(x)
    positions = []
    for _ in range(steps):
        velocity = momentum * velocity + np.asarray(curvatures) * x
        x = x - lr * velocity
        positions.append(x)
    return np.array(positions)
