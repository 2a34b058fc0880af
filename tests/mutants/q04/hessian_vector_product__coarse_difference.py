# Takes a difference of two gradients a whole v apart instead of the derivative.
def hessian_vector_product(weights, x, y, v):
    def gradient(moved):
        leaves = [weight.detach().requires_grad_() for weight in moved]
        return torch.cat([g.reshape(-1) for g in torch.autograd.grad(curvature.network_loss(leaves, x, y), leaves)])

    parts = v.split([weight.numel() for weight in weights])
    moved = [weight + part.view_as(weight) for weight, part in zip(weights, parts)]
    return gradient(moved) - gradient(weights)
