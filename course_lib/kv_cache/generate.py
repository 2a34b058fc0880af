"""Prefill, decode, generate: one step function for one sequence or many."""

from collections.abc import Sequence

import torch

from course_lib import seeds
from course_lib.arguments import COUNT, INTEGER, NOT_NEGATIVE, NUMBER, between, each, or_none, takes
from course_lib.kv_cache.cache import Cache
from course_lib.kv_cache.decoder import Decoder
from course_lib.notebook.reference import reference


@torch.no_grad()
@takes(tokens=each(each(INTEGER)))
def step(decoder: Decoder, tokens: Sequence[Sequence[int]], caches: Sequence[Cache]) -> torch.Tensor:
    """One step of any mix of sequences: logits (sequences, vocabulary) after the last token of each.

    tokens[i], a prompt, a piece of one or one token, joins caches[i]. Raises as `Decoder.packed`.
    """
    new = [torch.as_tensor(some, dtype=torch.long, device=decoder.device) for some in tokens]
    return decoder.packed(new, caches)


@takes(tokens=each(INTEGER), chunk=or_none(NUMBER))
def prefill(decoder: Decoder, tokens: Sequence[int], cache: Cache, chunk: int | None = None) -> torch.Tensor:
    """Logits (vocabulary,) of the token after `tokens`, whose keys and values join the cache.

    With `chunk`, that many tokens per step. Raises as `Decoder.packed`, and ValueError for a chunk below 1.
    """
    if chunk is not None and chunk < 1:
        raise ValueError(f"a chunk has at least one token, not {chunk}")
    if chunk is not None:
        COUNT("chunk", chunk)
        chunk = int(chunk)
    size = chunk or max(1, len(tokens))
    for start in range(0, max(1, len(tokens)), size):
        logits = step(decoder, [tokens[start : start + size]], [cache])
    return logits[0]


@takes(token=INTEGER)
def decode_step(decoder: Decoder, token: int, cache: Cache) -> torch.Tensor:
    """Logits (vocabulary,) after one more token. Raises as `Decoder.packed`."""
    return step(decoder, [[token]], [cache])[0]


@torch.no_grad()
@takes(prompt=each(INTEGER), n=NUMBER, temperature=NUMBER, seed=INTEGER)
@reference("Q8.3", guard=False)
def generate(
    decoder: Decoder,
    prompt: Sequence[int],
    n: int,
    cache: Cache | None = None,
    *,
    temperature: float = 0.0,
    seed: int = 0,
) -> list[int]:
    """The n tokens that follow `prompt` and what the cache holds; without one, all is computed each time.

    Temperature 0 takes the most likely token, else it is drawn from softmax(logits / temperature). Raises
    ValueError for a negative temperature or n.
    """
    if temperature < 0 or n < 0:
        raise ValueError(f"temperature and n are at least 0, not {temperature} and {n}")
    NOT_NEGATIVE("temperature", temperature)
    between(0, 10**6)("n", n)
    n = int(n)
    random = seeds.torch_stream("kv_cache", "generate", seed=seed)
    tokens, new = list(prompt), list(prompt)
    for _ in range(n):
        if cache is None:
            whole = torch.tensor([tokens], dtype=torch.long, device=decoder.device)
            logits = decoder(whole, last=True)[0]
        else:
            logits = prefill(decoder, new, cache)
        if temperature:
            share = (logits / temperature).softmax(-1).cpu()
            token = int(torch.multinomial(share, 1, generator=random))
        else:
            token = int(logits.argmax())
        tokens.append(token)
        new = [token]
    return tokens[len(prompt) :]
