# Takes the caller's array as its own and moves it.
def gd_on_quadratic(lr, curvatures, x0, steps, momentum=0.0):
    x = np.asarray(x0)
    if x.dtype.kind != "f":
        x = x.astype(float)
    velocity = np.zeros_like(x)
    positions = [x.copy()]
    for _ in range(steps):
        velocity = momentum * velocity + np.asarray(curvatures) * x
        x -= lr * velocity
        positions.append(x.copy())
    return np.array(positions)
