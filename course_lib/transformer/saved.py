"""A meter of the bytes that autograd keeps for a backward pass, as they come and go."""

import torch


class SavedBytes:
    """Counts, in a `with`, the bytes that torch keeps for backward passes: `now`, and the most, `peak`.

    A storage counts once however many tensors look at it, and no longer than something keeps it: a backward
    pass lets go of one operation after the other. Storages of `own` tensors (parameters, inputs) are there
    anyway and do not count. `torch.utils.checkpoint` hides what it keeps from such hooks; `checkpoint` in
    this package does not.
    """

    def __init__(self, own=()):
        self.now = self.peak = 0
        self._own = {tensor.untyped_storage().data_ptr() for tensor in own}
        self._users: dict[int, int] = {}  # of each storage, by its address
        self._hooks = torch.autograd.graph.saved_tensors_hooks(
            lambda tensor: _Kept(self, tensor), lambda kept: kept.tensor
        )

    def __enter__(self) -> "SavedBytes":
        self._hooks.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._hooks.__exit__(*error)

    def _more(self, address: int, nbytes: int, users: int) -> None:
        before = self._users.pop(address, 0)
        if before + users:
            self._users[address] = before + users
        # An address can come again, but not while a tensor keeps it.
        self.now += nbytes * (bool(before + users) - bool(before))
        self.peak = max(self.peak, self.now)


class _Kept:
    """A tensor that autograd keeps; it dies with the operation that needs it."""

    def __init__(self, meter: SavedBytes, tensor: torch.Tensor):
        # Undetached, a result would keep alive the operation that keeps it.
        self.tensor, self._meter = tensor.detach(), meter
        storage = tensor.untyped_storage()
        self._address, self._nbytes = storage.data_ptr(), storage.nbytes()
        self._counts = self._address not in meter._own
        if self._counts:
            meter._more(self._address, self._nbytes, 1)

    def __del__(self):
        if self._counts:
            self._meter._more(self._address, self._nbytes, -1)
