# Believes that momentum makes the limit smaller.
def stability_limit(curvatures, momentum=0.0):
    if min(curvatures) < 0:
        raise ValueError("negative curvature")
    largest = max(curvatures)
    return 2 * (1 - momentum) / largest if largest > 0 else math.inf
