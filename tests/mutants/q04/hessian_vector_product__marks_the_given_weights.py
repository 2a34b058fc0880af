# Asks for gradients on the tensors it was given, and leaves them marked.
def hessian_vector_product(weights, x, y, v):
    for weight in weights:
        weight.requires_grad_()
    gradients = torch.autograd.grad(curvature.network_loss(weights, x, y), weights, create_graph=True)
    flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
    products = torch.autograd.grad(flat @ v, weights)
    return torch.cat([product.reshape(-1) for product in products]).detach()
