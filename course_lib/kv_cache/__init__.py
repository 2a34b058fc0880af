"""A small decoder that really runs, and five places to keep what it has already computed.

    shape = decoder_shape(layers=4, width=256, heads=8)       # a course_lib.shapes.Shape
    decoder = Decoder(shape, seed=0)                          # .to("cuda"), .double(); int8_weights(decoder)
    cache = ContiguousCache(shape, capacity=1024)
    logits = prefill(decoder, [5, 3, 8], cache)               # (vocabulary,), of the token after the last
    logits = decode_step(decoder, 7, cache)                   # the cache grows by one token
    tokens = generate(decoder, [5, 3, 8], 20, cache)          # cache=None computes everything again each time

Caches. Each holds one sequence, and all behave as `Cache` says (length, reserve, append, release, nbytes):

    ContiguousCache(shape, capacity)         one piece of memory, reserved whole
    PagedCache(PagePool(shape, pages))       pages taken from a pool, which many sequences share
    WindowedCache(shape, window, sinks)      the first `sinks` tokens and the last `window`; the rest is lost
    QuantizedCache(shape, capacity, bits)    codes of 8 or 4 bits, a scale per token and head
    OffloadedCache(pool, host, hot)          the newest `hot` pages here, older ones in host memory

Hidden states. `step_from_hidden_states(decoder, tokens, hidden)` keeps them in place of keys and values, to
show what that costs.

Batches. `step(decoder, tokens, caches)` runs one step of any mix of sequences: a list of token lists (a
prompt, a piece of one, or one token) and the cache of each. Sequences join and leave between steps by being
in the lists or not, so that static and continuous batching are loops around it. It returns logits (sequences,
vocabulary).

Memory. `Budget(nbytes)` counts what is taken from it by name; caches and pools take `budget=` and raise
`OutOfMemory`, changing nothing, before they would exceed it. `with budget.enforced():` also sets the limit of
PyTorch's allocator on a GPU. Weights count when the caller says so: `budget.take("weights", decoder.nbytes)`.

Kernels. `ShuffledPages(lengths, page, kv_heads, d, random)` is a paged cache as NumPy arrays, to try one on.
"""

from course_lib.kv_cache.budget import Budget, OutOfMemory
from course_lib.kv_cache.cache import Cache
from course_lib.kv_cache.contiguous import ContiguousCache
from course_lib.kv_cache.decoder import Decoder, decoder_shape
from course_lib.kv_cache.generate import decode_step, generate, prefill, step
from course_lib.kv_cache.hidden_states import step_from_hidden_states
from course_lib.kv_cache.int8 import int8_weights
from course_lib.kv_cache.offloaded import OffloadedCache
from course_lib.kv_cache.paged import PagedCache, PagePool
from course_lib.kv_cache.quantized import QuantizedCache
from course_lib.kv_cache.shuffled import ShuffledPages
from course_lib.kv_cache.windowed import WindowedCache

__all__ = [
    "Budget",
    "Cache",
    "ContiguousCache",
    "Decoder",
    "OffloadedCache",
    "OutOfMemory",
    "PagePool",
    "PagedCache",
    "QuantizedCache",
    "ShuffledPages",
    "WindowedCache",
    "decode_step",
    "decoder_shape",
    "generate",
    "int8_weights",
    "prefill",
    "step",
    "step_from_hidden_states",
]
