"""The numbers of lab 6's demo: the bytes that one GPU holds in a training step, part by part."""

from dataclasses import dataclass

from course_lib import hardware, shapes
from course_lib.costs import memory

# Models of which costs.memory counts what a layer keeps.
MODELS = tuple(
    name for name, shape in shapes.SHAPES.items()
    if not (shape.encoder_layers or shape.experts or shape.latent)
)  # fmt: skip
# Bytes of a number, and of what Adam keeps per parameter: momentum and variance in FP32, and a copy or none.
PRECISIONS = {
    "FP32": (4, 8),
    "BF16 with an FP32 copy": (memory.HALF, memory.ADAM),
    "BF16 without a copy": (memory.HALF, 8),
}
BATCHES = tuple(2**power for power in range(9))
LENGTHS = tuple(2**power for power in range(7, 16))
RANKS = tuple(2**power for power in range(11))
STAGES = (0, 1, 2, 3)
CARDS = tuple(sorted(hardware.GPUS.values(), key=lambda card: card.memory_bytes))


@dataclass(frozen=True)
class Setting:
    """What is trained, on how many GPUs, and what is done to make it fit. `batch` is of one GPU."""

    model: str = "gpt2-xl"
    precision: str = "BF16 with an FP32 copy"
    batch: int = 32
    length: int = 1024
    stage: int = 0
    ranks: int = 8
    checkpointed: bool = False
    fused: bool = False
    dropout: bool = True

    @property
    def shape(self) -> shapes.Shape:
        """The model's shape."""
        return shapes.shape(self.model)


def lengths(model: str) -> tuple[int, ...]:
    """Those of LENGTHS for which the model has position embeddings, or all where it needs none."""
    most = shapes.shape(model).positions or LENGTHS[-1]
    return tuple(length for length in LENGTHS if length <= most)


def parts(setting: Setting) -> dict[str, float]:
    """Bytes of each part, from the bottom of the bar to its top, at the moment at which they are most.

    Gradients count in full, as where they keep their memory between steps. With checkpointing the moment is
    the end of the forward pass, when the logits are there, or when a layer is there in full, with its scores.
    """
    shape, (number, optimizer) = setting.shape, PRECISIONS[setting.precision]
    states = memory.training_states(
        shapes.parameters(shape), setting.stage, setting.ranks, optimizer=optimizer, number=number
    )

    def kept(**choice) -> float:
        return memory.activations(
            shape, setting.batch, setting.length, checkpointed=setting.checkpointed, number=number,
            dropout=setting.dropout, **choice,
        )  # fmt: skip

    scores = not setting.fused
    whole, layers = kept(scores=scores, logits=True), kept(scores=scores)
    if setting.checkpointed and whole > layers:  # more at the end of the forward pass
        logits = sum(memory.head_activations(shape, setting.batch, setting.length, number).values())
        others = whole - logits
    else:
        logits, others = whole - layers, kept(scores=False)
    return {
        "parameters": states.parameters,
        "gradients": states.gradients,
        "Adam's states": states.optimizer,
        "activations": others,
        "attention scores": whole - logits - others,
        "logits": logits,
    }


def fitting(nbytes: float) -> list[hardware.GPU]:
    """The cards that hold so many bytes, smallest first."""
    return [card for card in CARDS if nbytes <= card.memory_bytes]
