"""nbgrader looks for files by patterns that begin with the path of the course folder, whatever that holds."""

import glob
import os

import nbgrader.converters.base
import nbgrader.utils


class LiteralRoot:
    """In the place of the module `glob`: `root` stands for itself, what lies below it may be a pattern.

    A folder named `[2026]` would otherwise be looked for as one named 2, 0 or 6.
    """

    def __init__(self, root: str):
        self.root = os.path.join(root, "")

    def glob(self, pattern: str) -> list[str]:
        """As glob.glob."""
        if pattern.startswith(self.root):
            pattern = glob.escape(self.root) + pattern.removeprefix(self.root)
        return glob.glob(pattern)


def in_an_address(path: str) -> str:
    """`path` as the last part of a database's address, where a question mark begins options."""
    return path.replace("%", "%25").replace("?", "%3F")


def take_literally(root: str) -> None:
    """Let nbgrader's converters and copies of this process find files in the course folder `root`."""
    nbgrader.converters.base.glob = nbgrader.utils.glob = LiteralRoot(root)
