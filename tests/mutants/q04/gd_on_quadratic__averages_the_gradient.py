# Weighs the new gradient by 1 - momentum, as Adam does and torch's SGD does not.
def gd_on_quadratic(lr, curvatures, x0, steps, momentum=0.0):
    x = np.array(x0, dtype=np.float64)
    velocity = np.zeros_like(x)
    positions = [x]
    for _ in range(steps):
        velocity = momentum * velocity + (1 - momentum) * np.asarray(curvatures) * x
        x = x - lr * velocity
        positions.append(x)
    return np.array(positions)
