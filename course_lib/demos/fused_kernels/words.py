"""What lab 4's demo says of what it draws: the title, and all of the figure as text."""

from course_lib.demos.fused_kernels import walk
from course_lib.demos.fused_kernels.walk import Step, Walk

CARDS = [card.name.rsplit(" ", 1)[0] for card in walk.CARDS]  # without the memory
_UNITS = (("s", 1), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9))


def spoken(seen: Walk) -> str:
    """All that the figure shows, as text."""
    kernels = ", ".join(step.kernel for step in seen.chain)
    times = ", ".join(
        f"{name} {duration(chain)} for the chain and {duration(fused)} fused"
        for name, chain, fused in zip(
            CARDS, seen.seconds(seen.chain), seen.seconds([seen.fused]), strict=True
        )
    )
    return (
        f"{finding(seen)}. {detail(seen)} The chain: {kernels}. At the bandwidth of the data sheets: {times}."
    )


def unit(seconds: float) -> tuple[str, float]:
    """The largest unit that is no longer than this time, and its seconds."""
    return next((pair for pair in _UNITS if seconds >= pair[1]), _UNITS[-1])


def duration(seconds: float) -> str:
    """A time in that unit, with three digits."""
    name, size = unit(seconds)
    return f"{_digits(seconds / size)} {name}"


def _digits(number: float) -> str:
    """Three digits, or all those before the point."""
    return f"{number:,.0f}" if number >= 99.95 else f"{number:#.3g}"


def _bytes(nbytes: float) -> str:
    name, size = next(pair for pair in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)) if nbytes >= pair[1])
    return f"{_digits(nbytes / size)} {name}"


def finding(seen: Walk) -> str:
    """The title: accesses per value up to this kernel, or fused against the chain."""
    steps = seen.chain
    total, name = sum(step.asked for step in steps), seen.operation[0].upper() + seen.operation[1:]
    if seen.fuse:
        return (
            f"{name} in one kernel: {seen.fused.asked:.1f} accesses per value instead of {total:.1f}, "
            f"{total / seen.fused.asked:.1f} times fewer"
        )
    so_far = sum(step.asked for step in seen.done)
    return f"{name}, kernel {seen.at} of {len(steps)}: {so_far:.1f} of {total:.1f} accesses per value"


def detail(seen: Walk) -> str:
    """The second line: what this kernel does, and the bytes."""
    moved = _bytes(seen.moved_bytes(seen.done))
    whole = _bytes(seen.moved_bytes(seen.chain))
    if seen.fuse:
        return (
            f"The arithmetic is the same. What the kernels hand on stays on the chip: {moved} moved "
            f"instead of {whole}, 1 launch instead of {len(seen.chain)}."
        )
    return f"{seen.now.kernel} {_does(seen.now)}. So far {moved} of {whole} moved."


def _does(step: Step) -> str:
    """What a kernel of a chain reads and writes, in words."""
    if step.before[0].size == 1:
        return "reads and writes one number per row"
    read = "two values" if step.reads == 2 else "a value"
    if step.cached:
        read += f" and {_kept(step)}"
    kept = step.after[0].size
    wrote = "a value" if step.writes == 1 else "one number per row" if kept == 1 else "one number per column"
    return f"reads {read}, writes {wrote}"


def _kept(step: Step) -> str:
    if step.kernel == "hide_by_index":
        return "the length of its sequence"
    return "a number of its column" if step.kernel.endswith("columns") else "a number of its row"
