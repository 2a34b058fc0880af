# Goes back from the oldest microbatch, whichever was asked for.
class PipelineStage:
    """One stage of a pipeline: a part of a network, and the microbatches that are under way."""

    def __init__(self, module, tokens):
        self.module, self.tokens = module, tokens
        self.under_way = {}

    def forward(self, m, x, targets=None):
        if x.is_floating_point():
            x = x.detach().requires_grad_()
        y = self.module(x)
        if targets is not None:
            y = functional.cross_entropy(y.flatten(0, 1), targets.flatten(), ignore_index=-1, reduction="sum")
            y = y / self.tokens
        self.under_way[m] = x, y
        return y.detach() if targets is None else y.item()

    def backward(self, m, gradient=None):
        x, y = self.under_way.pop(min(self.under_way))
        y.backward(gradient)
        return x.grad if x.is_floating_point() else None
