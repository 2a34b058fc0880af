"""One test for both backends: the same kernel file on the host and, where there is one, on a GPU."""

import numpy as np
import pytest

from course_lib import cuda
from course_lib.cuda.measured import COUNTS
from tests import launches


class Backend:
    """Loads kernel files for one device; `run` poisons the outputs, launches, and returns them in NumPy.

    Inspected, every launch must be free of findings, and `report` is that of the last one. Compared, it is
    inspected under every compiler of this machine, which must all count the same.
    """

    def __init__(self, device: str, inspected: bool = False, compared: bool = False):
        self.device, self.inspected, self.compared, self.report = device, inspected, compared, None

    def run(self, topic: str, kernel: str, grid, block, args, shared_mem: int = 0) -> list[np.ndarray]:
        """Launch with NumPy arguments. An `Out` is an output: poisoned, handed over, returned."""
        module = cuda.load(topic, device=self.device)
        outputs = [arg.poisoned() if isinstance(arg, Out) else None for arg in args]
        values = [out if out is not None else arg for out, arg in zip(outputs, args, strict=True)]
        values = [module.array(value) if isinstance(value, np.ndarray) else value for value in values]
        if self.compared:
            self._compare(module, kernel, grid, block, values, shared_mem)
        elif self.inspected:
            self.report = module.inspect(kernel, grid, block, tuple(values), shared_mem=shared_mem)
            assert self.report.ok, str(self.report)
        else:
            module[kernel](grid, block, tuple(values), shared_mem=shared_mem)
        return [module.numpy(v) for v, out in zip(values, outputs, strict=True) if out is not None]

    @staticmethod
    def _compare(module, kernel, grid, block, values, shared_mem) -> None:
        """Inspect it under each compiler; what is in the arrays afterwards is from the preferred one."""
        counts, written = {}, None
        for compiler in cuda.compilers():
            # An array that is handed over twice stays one array.
            copies = {id(v): v.copy() for v in values if isinstance(v, np.ndarray)}
            written = written or copies
            args = tuple(copies.get(id(v), v) for v in values)
            watched = cuda.Module(module._source, module.filename, "host", compiler=compiler)
            report = watched.inspect(kernel, grid, block, args, shared_mem=shared_mem)
            assert report.ok, f"{compiler.name}: {report}"
            counts[compiler.name] = {
                (t.array, t.space, t.access): [getattr(t, name) for name in COUNTS] for t in report.totals
            }
        reference, *others = counts
        for other in others:
            assert counts[other] == counts[reference], f"{kernel}: {other} counts other than {reference}"
        for value in values:
            if isinstance(value, np.ndarray):
                value[...] = written[id(value)]


class Out:
    """An output of a shape and dtype, filled with what no kernel computes: a cell never written shows."""

    def __init__(self, shape, dtype=np.float32):
        self.shape, self.dtype = shape, np.dtype(dtype)

    def poisoned(self) -> np.ndarray:
        """NaN for floating-point numbers, the smallest value for integers."""
        poison = np.nan if self.dtype.kind == "f" else np.iinfo(self.dtype).min
        return np.full(self.shape, poison, self.dtype)


class InOut(Out):
    """An array that the kernel changes in place: a copy of these values is handed over and returned."""

    def __init__(self, values: np.ndarray):
        super().__init__(values.shape, values.dtype)
        self.values = values

    def poisoned(self) -> np.ndarray:
        """The values themselves: what a kernel reads may not be poison."""
        return self.values.copy()


@pytest.fixture(scope="module", autouse=True)
def _launched_as_forks():
    """What is inspected here runs in forks of one process."""
    with launches.as_forks():
        yield


@pytest.fixture(
    params=[
        pytest.param("host", marks=pytest.mark.needs("compiler")),
        # Where another compiler is compared with this one, the same launch is inspected there.
        pytest.param("inspected", marks=[pytest.mark.needs("compiler"), pytest.mark.without("clang")]),
        pytest.param("compared", marks=[pytest.mark.needs("compiler", "clang"), pytest.mark.slow]),
        pytest.param("gpu", marks=pytest.mark.gpu),
    ]
)
def backend(request) -> Backend:
    """The host, the host watched by the inspector (with one compiler, with all), and a GPU."""
    device = "gpu" if request.param == "gpu" else "host"
    return Backend(device, request.param == "inspected", request.param == "compared")


@pytest.fixture
def inspected() -> Backend:
    """The host watched by the inspector, for demands on traffic; mark such tests needs("compiler")."""
    return Backend("host", inspected=True)


def relative_error(value: np.ndarray, reference: np.ndarray) -> float:
    """‖value − reference‖ / ‖reference‖ in float64; 0 for two empty arrays."""
    difference = np.linalg.norm(np.asarray(value, np.float64) - reference)
    return float(difference / np.linalg.norm(reference)) if difference else 0.0
