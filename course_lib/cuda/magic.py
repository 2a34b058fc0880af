"""`%%cuda NAME`: the cell's CUDA source in a string variable, compiled on the way, errors underlined."""

import re

from IPython.core.magic import Magics, cell_magic, magics_class

from course_lib.cuda.errors import CompileError
from course_lib.cuda.module import available, compile


@magics_class
class CudaMagics(Magics):
    """`%load_ext course_lib.cuda` brings it."""

    @cell_magic
    def cuda(self, line: str, cell: str) -> None:
        """Keep the cell's source in the variable NAME and compile it. A compile error is printed, not raised.

        The variable is set either way, so that tests see what the student wrote.
        """
        name = line.strip()
        if not re.fullmatch(r"[A-Za-z]\w*", name):
            raise ValueError("write %%cuda NAME: the name of the variable that will hold the source")
        self.shell.user_ns[name] = cell
        if available() is None:
            print(
                f"{name} is kept; there is no compiler here to try it (./course doctor tells how to get one)"
            )
            return
        try:
            module = compile(cell)
        except CompileError as error:
            print(f"{name} does not compile:\n{error}")
        else:
            print(f"{name} compiles: {', '.join(module.names)}")
