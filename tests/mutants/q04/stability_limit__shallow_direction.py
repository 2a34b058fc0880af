# Lets the shallowest direction decide.
def stability_limit(curvatures, momentum=0.0):
    if min(curvatures) < 0:
        raise ValueError("negative curvature")
    smallest = min(curvatures)
    return 2 * (1 + momentum) / smallest if smallest > 0 else math.inf
