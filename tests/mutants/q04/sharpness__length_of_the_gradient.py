# Takes a steep loss for a sharp one: the length of the gradient.
def sharpness(weights, x, y, start=None):
    leaves = [weight.detach().requires_grad_() for weight in weights]
    gradients = torch.autograd.grad(curvature.network_loss(leaves, x, y), leaves)
    flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
    return flat.norm().item(), flat / flat.norm()
