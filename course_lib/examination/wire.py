"""Plain data between processes that do not trust each other: exact types, bounded sizes, no code.

A value is msgpack. None, bool, float, str, bytes and integers of 64 bits stand for themselves; everything
else is an array that begins with a tag. Nothing on the way can name a class, so only plain data can arrive.
"""

import math
import socket
import struct
import time

import msgpack
import numpy as np

MAX_BYTES = 256 << 20  # one message
MAX_DEPTH = 64
MAX_ITEMS = 4_000_000
LIST, TUPLE, DICT, ARRAY, TENSOR, SCALAR, INTEGER, COMPLEX = range(8)
KINDS = "biufcSU"  # of NumPy's dtypes: no objects, no records, no times
TORCH = ("float16", "bfloat16", "float32", "float64", "uint8", "int8", "int16", "int32", "int64", "bool",
         "complex64", "complex128")  # fmt: skip
_HEADER = struct.Struct(">I")


class NotPlain(TypeError):
    """A value that is no plain data; the message names its type."""


class BadMessage(ValueError):
    """Bytes that are no value of this wire, or too many of them; the message quotes nothing of them."""


def encode(value) -> bytes:
    """`value` as bytes; a subclass travels as its base type. Raises NotPlain, BadMessage (too large)."""
    try:
        data = msgpack.packb(_plain(value, 0), unicode_errors="surrogatepass")
    except (ValueError, OverflowError) as error:
        raise BadMessage(f"a value cannot be sent: {error}") from None
    if len(data) > MAX_BYTES:
        raise BadMessage(
            f"a value of {len(data) >> 20} MB is more than the {MAX_BYTES >> 20} MB that may be sent"
        )
    return data


def decode(data: bytes, most: int = MAX_BYTES):
    """The value in `data`, built from exact types only, of at most `most` parts. Raises BadMessage.

    A part takes a byte at least, so that by default the size alone limits them. They are counted while the
    value is built: empty lists take a hundred times the memory that they take on the wire.
    """
    room = most

    def counted(items: list) -> list:
        nonlocal room
        room -= len(items)
        if room < 0:
            raise BadMessage("a value of too many parts")
        return items

    try:
        tree = msgpack.unpackb(data, raw=False, strict_map_key=True, unicode_errors="surrogatepass",
                               max_array_len=min(MAX_ITEMS, most), max_map_len=0, max_ext_len=0,
                               list_hook=counted)  # fmt: skip
    except BadMessage:
        raise
    except Exception as error:
        if "max_array_len" in str(error):  # msgpack's word for a list that is too long
            raise BadMessage("a value of too many parts") from None
        raise BadMessage(f"not a message ({type(error).__name__})") from None
    try:
        return _rebuilt(tree, 0, [most])
    except BadMessage:
        raise
    except Exception as error:
        raise BadMessage(f"not a value ({type(error).__name__})") from None


def _plain(value, depth: int):
    if depth > MAX_DEPTH:
        raise NotPlain(f"data nested more than {MAX_DEPTH} deep")
    kind = type(value)
    if value is None or kind in (bool, float, str, bytes):
        return value
    if kind is int:
        return value if -(2**63) <= value < 2**64 else [INTEGER, hex(value)]
    if isinstance(value, np.generic) and not isinstance(value, np.void):
        return [SCALAR, _dtype(value.dtype), np.asarray(value).tobytes()]
    if isinstance(value, np.ndarray):
        array = np.ascontiguousarray(np.asarray(value))
        return [ARRAY, _dtype(array.dtype), list(np.shape(value)), array.tobytes()]
    if isinstance(value, (list, tuple)):
        tag = TUPLE if isinstance(value, tuple) else LIST
        return [tag, *(_plain(item, depth + 1) for item in tuple.__iter__(tuple(value)))]
    if isinstance(value, dict):
        return [DICT, *(_plain(part, depth + 1) for pair in dict.items(value) for part in pair)]
    for base, convert in ((int, int.__int__), (float, float.__float__), (str, str.__str__), (bytes, bytes)):
        if isinstance(value, base):
            return _plain(convert(value), depth)
    if isinstance(value, complex):
        return [COMPLEX, value.real, value.imag]
    return _tensor(value)


def _dtype(dtype: np.dtype) -> str:
    if dtype.kind not in KINDS or dtype.itemsize > 1 << 16:
        raise NotPlain(f"an array of type {dtype}, which is no plain data")
    return dtype.str


def _tensor(value):
    import torch

    if not isinstance(value, torch.Tensor):
        name = "a function" if callable(value) and hasattr(value, "__name__") else f"a {type(value).__name__}"
        raise NotPlain(f"{name}, which is no plain data")
    name = str(value.dtype).removeprefix("torch.")
    if name not in TORCH or value.layout != torch.strided:
        raise NotPlain(f"a tensor of type {name}, which is no plain data")
    flat = value.detach().to("cpu").resolve_conj().resolve_neg().contiguous().reshape(-1)
    return [TENSOR, name, list(value.shape), flat.view(torch.uint8).numpy().tobytes()]


def _rebuilt(tree, depth: int, room: list[int]):
    room[0] -= 1
    if depth > MAX_DEPTH:
        raise BadMessage(f"a value nested more than {MAX_DEPTH} deep")
    if room[0] < 0:
        raise BadMessage("a value of too many parts")
    if not isinstance(tree, list):
        return tree
    tag, parts = tree[0], tree[1:]
    if tag == LIST:
        return [_rebuilt(part, depth + 1, room) for part in parts]
    if tag == TUPLE:
        return tuple(_rebuilt(part, depth + 1, room) for part in parts)
    if tag == DICT:
        items = [_rebuilt(part, depth + 1, room) for part in parts]
        return dict(zip(items[::2], items[1::2], strict=True))
    if tag == INTEGER:
        (text,) = parts
        return int(text, 16)
    if tag == COMPLEX:
        real, imaginary = map(float, parts)
        return complex(real, imaginary)
    if tag == SCALAR:
        name, data = parts
        return _array(name, (), data)[()]
    if tag == ARRAY:
        return _array(*parts)
    if tag == TENSOR:
        return _rebuilt_tensor(*parts)
    raise BadMessage("an unknown tag")


def _shape(shape) -> tuple[int, ...]:
    if not isinstance(shape, (list, tuple)) or len(shape) > 32:
        raise BadMessage("a shape that is none")
    if not all(type(size) is int and 0 <= size < 2**48 for size in shape):
        raise BadMessage("a shape that is none")
    return tuple(shape)


def _array(name, shape, data) -> np.ndarray:
    dtype, shape = np.dtype(str(name)), _shape(shape)
    if dtype.kind not in KINDS or dtype.fields is not None or dtype.subdtype is not None:
        raise BadMessage("an array of a type that is no plain data")
    if type(data) is not bytes or math.prod(shape) * dtype.itemsize != len(data):
        raise BadMessage("an array whose shape and bytes differ")
    if not data:
        return np.empty(shape, dtype)
    plain = np.frombuffer(data, np.uint8)
    return (plain != 0).reshape(shape) if dtype.kind == "b" else plain.copy().view(dtype).reshape(shape)


def _rebuilt_tensor(name, shape, data):
    import torch

    if name not in TORCH or type(data) is not bytes:
        raise BadMessage("a tensor of an unknown type")
    dtype, shape = getattr(torch, name), _shape(shape)
    if math.prod(shape) * dtype.itemsize != len(data):
        raise BadMessage("a tensor whose shape and bytes differ")
    if name == "bool" and set(data) - {0, 1}:
        raise BadMessage("a truth value that is neither")
    if not data:
        return torch.empty(shape, dtype=dtype)
    return torch.frombuffer(bytearray(data), dtype=dtype).reshape(shape)


class Channel:
    """Whole messages over a stream socket. One message is a list whose first item says what it is."""

    def __init__(self, stream: socket.socket):
        self.socket = stream

    def send(self, *message) -> None:
        """Encode and send. Raises OSError when nobody is there, NotPlain, BadMessage."""
        self.send_bytes(encode(list(message)))

    def send_bytes(self, data: bytes) -> None:
        """Send a message that is encoded already."""
        self.socket.sendall(_HEADER.pack(len(data)) + data)

    def receive(self, seconds: float | None = None, size: int = MAX_BYTES, parts: int = MAX_BYTES) -> list:
        """The next message, of at most `size` bytes and `parts` values.

        Raises EOFError at the end, BadMessage, TimeoutError: it is not whole in time.
        """
        message = decode(self.receive_bytes(seconds, size), parts)
        if type(message) is not list or not message or type(message[0]) is not str:
            raise BadMessage("a message that does not say what it is")
        return message

    def receive_bytes(self, seconds: float | None = None, most: int = MAX_BYTES) -> bytes:
        """The next message, not decoded."""
        end = None if seconds is None else time.monotonic() + seconds
        (size,) = _HEADER.unpack(self._exactly(_HEADER.size, end))
        if size > most:
            raise BadMessage("a message that is larger than may be sent")
        return self._exactly(size, end)

    def _exactly(self, size: int, end: float | None) -> bytes:
        data = bytearray()
        while len(data) < size:
            # One byte now and then must not hold up the reader.
            self.socket.settimeout(None if end is None else max(end - time.monotonic(), 0.001))
            part = self.socket.recv(min(size - len(data), 1 << 20))
            if not part:
                raise EOFError("it has ended")
            data += part
        return bytes(data)

    def close(self) -> None:
        """The other side then reads the end."""
        self.socket.close()
