# Assumes that the curvatures come with the steepest last.
def stability_limit(curvatures, momentum=0.0):
    if min(curvatures) < 0:
        raise ValueError("negative curvature")
    return 2 * (1 + momentum) / curvatures[-1] if curvatures[-1] > 0 else math.inf
