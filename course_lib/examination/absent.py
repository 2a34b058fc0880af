"""Files that a notebook asks for and that are not there when it is graded: only the notebook is handed in."""

import re

# What Python says of a file that it cannot open, and of a module that it cannot find.
ABSENT = re.compile(r"No such file or directory: b?'([^'\n]{1,200})'|No module named '([^'\n]{1,200})'")


def asked_for(outputs: dict[int, list[dict]]) -> dict[str, int]:
    """Relative names of files and modules that outputs complain of, each with the first place of a cell.

    `outputs` are those of cells by place; what a test says of a student's function counts as well. Absolute
    paths are left out: they lie on the student's machine in any case.
    """
    found: dict[str, int] = {}
    for place, shown in sorted(outputs.items()):
        for output in shown:
            said = output.get("evalue") if output["output_type"] == "error" else output.get("text")
            for file, module in ABSENT.findall(said if isinstance(said, str) else ""):
                name = file or module.replace(".", "/") + ".py"
                if not name.startswith(("/", "~", "\\")):
                    found.setdefault(name, place)
    return found
