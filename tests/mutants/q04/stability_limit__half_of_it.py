# Takes the rate that lands on the minimum in one step for the limit.
def stability_limit(curvatures, momentum=0.0):
    if min(curvatures) < 0:
        raise ValueError("negative curvature")
    largest = max(curvatures)
    return (1 + momentum) / largest if largest > 0 else math.inf
