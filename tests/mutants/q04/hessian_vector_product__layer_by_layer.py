# Treats each tensor by itself and loses what couples the layers.
def hessian_vector_product(weights, x, y, v):
    leaves = [weight.detach().requires_grad_() for weight in weights]
    gradients = torch.autograd.grad(curvature.network_loss(leaves, x, y), leaves, create_graph=True)
    parts = v.split([weight.numel() for weight in weights])
    products = [
        torch.autograd.grad(gradient.reshape(-1) @ part, leaf, retain_graph=True)[0]
        for gradient, part, leaf in zip(gradients, parts, leaves)
    ]
    return torch.cat([product.reshape(-1) for product in products]).detach()
