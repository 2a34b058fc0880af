"""`%%cuda NAME`: the cell's CUDA source in a string variable, compiled on the way, errors underlined."""

import re

from IPython.core.magic import Magics, cell_magic, magics_class

from course_lib.cuda import waiting
from course_lib.cuda.errors import CompileError, CourseFault
from course_lib.cuda.module import available, compile
from course_lib.cuda.signature import definitions


@magics_class
class CudaMagics(Magics):
    """`%load_ext course_lib.cuda` brings it."""

    def __init__(self, shell):
        super().__init__(shell)
        self._raw = ""
        shell.events.register("pre_run_cell", self._remember)
        shell.events.register("pre_run_cell", waiting.begin_cell)
        shell.events.register("post_run_cell", waiting.end_cell)

    def _remember(self, info) -> None:
        self._raw = info.raw_cell or ""

    def _lines_above(self, cell: str) -> str:
        """As many empty lines as stand above the source in the cell, %%cuda among them: its lines then have
        the numbers that JupyterLab shows.
        """
        above, found, _ = self._raw.rpartition(cell.rstrip("\n"))
        return "\n" * max(1, above.count("\n") if found else 1)

    @cell_magic
    def cuda(self, line: str, cell: str) -> None:
        """Keep the cell's source in the variable NAME and compile it. A compile error is printed, not raised.

        The variable is set either way, so that tests see what the student wrote. It begins with an empty
        line in the place of %%cuda, so that lines are counted as they are in the cell. For example:

            %%cuda twice
            extern "C" __global__ void twice(const float* x, float* y, int n) {
                int i = blockIdx.x * blockDim.x + threadIdx.x;
                if (i < n) y[i] = 2 * x[i];
            }

        and in another cell cuda.compile(twice).inspect("twice", 4, 32, (x, y, len(x))).
        """
        name = line.strip()
        if not re.fullmatch(r"[A-Za-z]\w*", name):
            raise ValueError("write %%cuda NAME: the name of the variable that will hold the source")
        source = self._lines_above(cell) + cell
        self.shell.user_ns[name] = source
        if available() is None:
            print(
                f"{name} is kept; there is no compiler here to try it (./course doctor tells how to get one)"
            )
            return
        try:
            module = compile(source)
        except CompileError as error:
            print(f"{name} does not compile:\n{error}")
        except CourseFault as error:
            print(f"{name} is kept and not tried: {error}")
        else:
            empty = [kernel.name for kernel in definitions(source) if kernel.is_empty]
            written = [kernel for kernel in module.names if kernel not in empty]
            said = f"compiles: {', '.join(written)}; still empty: {', '.join(empty)}"
            said = said.removesuffix("; still empty: ") if written else f"is still empty: {', '.join(empty)}"
            print(f"{name} {said}")
