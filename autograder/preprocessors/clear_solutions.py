"""Take the solutions out of the student's version, leaving a stub that says which task is missing."""

import json

from nbgrader import preprocessors

from autograder import regions


class ClearSolutions(preprocessors.ClearSolutions):
    """A Python task raises NotImplementedError with its name; a CUDA kernel stays CUDA.

    nbgrader's own writes one Python stub into every cell, whatever its language.
    """

    def _replace_solution_region(self, cell, language):
        if cell.cell_type != "code":
            return super()._replace_solution_region(cell, language)
        found = regions.find(cell.source, regions.SOLUTION)
        stub = _cuda_stub if regions.is_cuda(cell.source) else _python_stub
        cell.source = regions.replace(cell.source, found, stub)
        return bool(found)


def _python_stub(region: regions.Region) -> str:
    return f"raise NotImplementedError({json.dumps(region.label, ensure_ascii=False)})"


def _cuda_stub(region: regions.Region) -> str:
    return f"// {region.label}: your code here"
