"""Views: pure functions from numbers to figures, and thin widgets on them: `demos.quantization.show()`."""

import importlib


def __getattr__(name: str):
    try:
        return importlib.import_module(f"{__name__}.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"{__name__}.{name}":
            raise
        raise AttributeError(f"there is no demo {name!r}") from None
