"""The tiled matrix product on Numba's CUDA simulator; prints the seconds of one launch as JSON.

A program of its own, because the simulator is chosen by an environment variable before numba is imported.
"""

import json
import os
import sys
import time

os.environ["NUMBA_ENABLE_CUDASIM"] = "1"

import numpy as np
from numba import cuda, float32

TILE = 16


@cuda.jit
def matmul_tiled(a, b, c):
    """The same steps as matmul_tiled in kernels/matmul.cu, for sides that are a multiple of the tile."""
    tile_a = cuda.shared.array((TILE, TILE), float32)  # the simulator tells shared arrays apart by their line
    tile_b = cuda.shared.array((TILE, TILE), float32)
    x, y = cuda.threadIdx.x, cuda.threadIdx.y
    row, column = cuda.blockIdx.y * TILE + y, cuda.blockIdx.x * TILE + x
    total = float32(0)
    for first in range(0, a.shape[1], TILE):
        tile_a[y, x] = a[row, first + x]
        tile_b[y, x] = b[first + y, column]
        cuda.syncthreads()
        for k in range(TILE):
            total += tile_a[y, k] * tile_b[k, x]
        cuda.syncthreads()
    c[row, column] = total


def main() -> None:
    """One launch for the side given on the command line; the result is checked."""
    side = int(sys.argv[1])
    rng = np.random.default_rng(0)
    a, b = rng.random((side, side), np.float32), rng.random((side, side), np.float32)
    c = np.zeros((side, side), np.float32)
    started = time.perf_counter()
    matmul_tiled[(side // TILE, side // TILE), (TILE, TILE)](a, b, c)
    seconds = time.perf_counter() - started
    np.testing.assert_allclose(c, a @ b, rtol=1e-4)
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
