"""The rate of gradient descent: on quadratics, and on a network, its curvature and curves over many rates."""
