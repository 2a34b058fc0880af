"""The public functions, classes and methods of the calculators, the simulator, the caches and offload."""

import importlib
import inspect
import pkgutil

PACKAGES = ("shapes", "costs", "serving", "kv_cache", "offload")


def modules() -> list:
    """Every module of these packages."""
    found = []
    for name in PACKAGES:
        module = importlib.import_module(f"course_lib.{name}")
        found.append(module)
        if hasattr(module, "__path__"):
            below = pkgutil.walk_packages(module.__path__, f"{module.__name__}.")
            found += [importlib.import_module(info.name) for info in below]
    return found


def things() -> list[tuple[str, object]]:
    """Dotted name and object of each public function, class, method and property, where it is written."""
    found = []
    for module in modules():
        for name, thing in vars(module).items():
            written_here = getattr(inspect.unwrap(thing) if callable(thing) else thing, "__module__", "")
            if name.startswith("_") or written_here != module.__name__:
                continue
            if inspect.isfunction(thing) or inspect.isclass(thing):
                found.append((f"{module.__name__}.{name}", thing))
            if inspect.isclass(thing) and not issubclass(thing, dict):
                for attribute, member in vars(thing).items():
                    plain = getattr(member, "__func__", getattr(member, "fget", member))
                    if not attribute.startswith("_") and inspect.isfunction(plain):
                        found.append((f"{module.__name__}.{name}.{attribute}", plain))
    return found
