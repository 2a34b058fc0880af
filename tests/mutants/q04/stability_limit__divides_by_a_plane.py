# Copies the formula and forgets the plane and the ridge.
def stability_limit(curvatures, momentum=0.0):
    return 2 * (1 + momentum) / max(curvatures)
