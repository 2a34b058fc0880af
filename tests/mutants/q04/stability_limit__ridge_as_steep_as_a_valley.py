# Takes the magnitude, so that a ridge counts as a valley.
def stability_limit(curvatures, momentum=0.0):
    largest = max(abs(c) for c in curvatures)
    return 2 * (1 + momentum) / largest if largest > 0 else math.inf
