"""Copies and computes that really overlap: two threads on a CPU, two streams on a GPU."""

import threading
import time
from collections.abc import Callable

import numpy as np
import torch

from course_lib.arguments import count, real
from course_lib.offload.pipeline import Schedule

Work = Callable[[int, int], None]


def run(layers: int, copy: Work, compute: Work, buffers: int, device: str = "cpu") -> Schedule:
    """Do copy(layer, buffer) and compute(layer, buffer) for every layer, as `pipeline.schedule` orders them.

    With more than one buffer, copies run in a thread of their own (on a GPU, in a stream of their own) and
    use the buffers in turn. The answer is measured: spans in seconds from the start. What copy or compute
    raises is raised here, once both have stopped. Raises ValueError for less than one layer or buffer.
    """
    if not real("layers", layers) >= 1 or not real("buffers", buffers) >= 1:
        raise ValueError(f"at least one layer and one buffer are needed, not {layers} and {buffers}")
    count(1, 10**6, layers=layers, buffers=buffers)
    layers, buffers = int(layers), int(buffers)
    if device == "cuda":
        return _in_streams(layers, copy, compute, buffers)
    return _in_threads(layers, copy, compute, buffers) if buffers > 1 else _in_turn(layers, copy, compute)


def _in_turn(layers: int, copy: Work, compute: Work) -> Schedule:
    """With one buffer nothing can overlap, and handing over to another thread would only cost time."""
    copies, computes = np.zeros((layers, 2)), np.zeros((layers, 2))
    began = time.perf_counter()
    for layer in range(layers):
        for spans, work in ((copies, copy), (computes, compute)):
            spans[layer, 0] = time.perf_counter() - began
            work(layer, 0)
            spans[layer, 1] = time.perf_counter() - began
    return Schedule(copies, computes)


def _in_threads(layers: int, copy: Work, compute: Work, buffers: int) -> Schedule:
    free, filled = threading.Semaphore(buffers), threading.Semaphore(0)
    stopped = threading.Event()
    failures: list[BaseException] = []
    copies, computes = np.zeros((layers, 2)), np.zeros((layers, 2))
    began = time.perf_counter()

    def copy_all() -> None:
        try:
            for layer in range(layers):
                free.acquire()
                if stopped.is_set():
                    return
                copies[layer, 0] = time.perf_counter() - began
                copy(layer, layer % buffers)
                copies[layer, 1] = time.perf_counter() - began
                filled.release()
        except BaseException as error:
            failures.append(error)
            filled.release()

    link = threading.Thread(target=copy_all, name="link", daemon=True)
    link.start()
    try:
        for layer in range(layers):
            filled.acquire()
            if failures:
                break
            computes[layer, 0] = time.perf_counter() - began
            compute(layer, layer % buffers)
            computes[layer, 1] = time.perf_counter() - began
            free.release()
    finally:
        # After an error or an interrupt the other thread may still wait for a buffer.
        stopped.set()
        free.release()
        link.join()
    if failures:
        raise failures[0]
    return Schedule(copies, computes)


def _in_streams(layers: int, copy: Work, compute: Work, buffers: int) -> Schedule:
    copying, computing = torch.cuda.Stream(), torch.cuda.current_stream()
    copying.wait_stream(computing)
    # Start and end of every copy and compute; a start is recorded behind the waiting, so it marks the work.
    copies, computes = ([_two_events() for _ in range(layers)] for _ in range(2))
    began = torch.cuda.Event(enable_timing=True)
    began.record(computing)
    for layer in range(layers):
        with torch.cuda.stream(copying):
            if layer >= buffers:
                copying.wait_event(computes[layer - buffers][1])
            copies[layer][0].record(copying)
            copy(layer, layer % buffers)
            copies[layer][1].record(copying)
        computing.wait_event(copies[layer][1])
        computes[layer][0].record(computing)
        compute(layer, layer % buffers)
        computes[layer][1].record(computing)
    torch.cuda.synchronize()
    spans = (
        [[began.elapsed_time(event) / 1e3 for event in pair] for pair in side] for side in (copies, computes)
    )
    return Schedule(*map(np.array, spans))


def _two_events() -> tuple[torch.cuda.Event, torch.cuda.Event]:
    return torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
