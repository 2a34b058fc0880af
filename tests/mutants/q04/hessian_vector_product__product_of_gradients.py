# Takes the gradient times itself for the Hessian.
def hessian_vector_product(weights, x, y, v):
    leaves = [weight.detach().requires_grad_() for weight in weights]
    gradients = torch.autograd.grad(curvature.network_loss(leaves, x, y), leaves)
    flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
    return flat * (flat @ v)
