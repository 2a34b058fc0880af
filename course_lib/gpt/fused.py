"""A DecoderLM whose softmax, residual sums and norms are computed by fused kernels, or by none."""

from course_lib.autodiff import Tensor
from course_lib.autodiff.fused import FusedKernels, attention_softmax, residual_layer_norm
from course_lib.autodiff.modules import Module
from course_lib.gpt.transformer import DecoderLM, MultiHeadAttention


class FusedLM(Module):
    """The model's own parameters and the logits that it gives, computed by `kernels`, which are float32.

    Of each layer, the softmax is one launch, and so is each norm with the sum before it; the first norm,
    which has no sum before it, is the model's. Without kernels, operations of tensors compute the same.
    """

    def __init__(self, model: DecoderLM, kernels: FusedKernels | None = None):
        self.model, self.kernels = model, kernels

    def forward(self, ids, causal: bool = True) -> Tensor:
        model = self.model
        x, _ = model._embedded(ids, causal)
        first, *following = [*(layer.norm1 for layer in model.layers), model.norm]
        y = first(x)
        for layer, next_norm in zip(model.layers, following, strict=True):
            x, y = self._normed(layer.dropout(self._attention(layer.attention, y, causal)), x, layer.norm2)
            x, y = self._normed(layer.dropout(layer.feed_forward(y)), x, next_norm)
        return y @ model.tokens.weight.T

    def _normed(self, branch: Tensor, x: Tensor, norm) -> tuple[Tensor, Tensor]:
        return residual_layer_norm(branch, x, norm.weight, norm.bias, norm.eps, self.kernels)

    def _attention(self, attention: MultiHeadAttention, x: Tensor, causal: bool) -> Tensor:
        projections = attention.query, attention.key, attention.value
        queries, keys, values = (attention._by_head(project(x)) for project in projections)
        scale = queries.shape[-1] ** -0.5
        scores = queries @ keys.transpose(2, 3)
        mixed = attention_softmax(scores, None, scale, causal, self.kernels) @ values
        return attention.output(mixed.permute(0, 2, 1, 3).reshape(*x.shape))
