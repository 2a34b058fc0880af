# Returns a tensor that still hangs on its graph.
def hessian_vector_product(weights, x, y, v):
    leaves = [weight.detach().requires_grad_() for weight in weights]
    gradients = torch.autograd.grad(curvature.network_loss(leaves, x, y), leaves, create_graph=True)
    flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
    products = torch.autograd.grad(flat @ v, leaves, create_graph=True)
    return torch.cat([product.reshape(-1) for product in products])
