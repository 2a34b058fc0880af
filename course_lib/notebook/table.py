"""Tables under a cell: HTML in a notebook, aligned text elsewhere; one can grow while its cell runs."""

import sys
import textwrap
from html import escape

WIDEST = 60  # characters of a cell in text; what is longer is wrapped
SHORT = 24  # characters of a cell that HTML does not wrap


class Table:
    """Rows under a header."""

    def __init__(self, header: list[str], rows: list[list[str]]):
        self.header, self.rows = header, rows

    def __repr__(self) -> str:
        lines = [[textwrap.wrap(cell, WIDEST) or [""] for cell in row] for row in (self.header, *self.rows)]
        widths = [max(len(part) for row in lines for part in row[i]) for i in range(len(self.header))]

        def drawn(row: list[list[str]]) -> list[str]:
            return [
                "  ".join(
                    (cell[i] if i < len(cell) else "").ljust(width)
                    for cell, width in zip(row, widths, strict=True)
                ).rstrip()
                for i in range(max(map(len, row)))
            ]

        head, *body = map(drawn, lines)
        rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
        return "\n".join([*head, rule, *(line for row in body for line in row)])

    def _repr_html_(self) -> str:
        def row(cells: list[str], tag: str) -> str:
            return (
                "<tr>" + "".join(f"<{tag} {_style(cell)}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"
            )

        body = "".join(row(cells, "td") for cells in self.rows)
        return f"<table><thead>{row(self.header, 'th')}</thead><tbody>{body}</tbody></table>"


def _style(cell: str) -> str:
    whole = ";white-space:nowrap" if len(cell) <= SHORT else ""
    return f"style='text-align:left;padding:0.2em 1em{whole}'"


def show(table: Table) -> None:
    """Display the table under the running cell, or print it."""
    if "IPython" in sys.modules:
        from IPython.display import display

        display(table)  # outside a notebook this prints repr(table)
    else:
        print(table)


class GrowingTable:
    """One table under each cell, however many rows come while it runs: each is there at once.

    Where nothing that is shown can be changed (a terminal, plain Python), each row is a table of its own.
    """

    def __init__(self, header: list[str]):
        self._header = header
        self._table, self._shown = Table(header, []), None
        self._follows = None  # the shell whose cells it follows

    def add(self, row: list[str]) -> None:
        shell = _notebook()
        if shell is None:
            show(Table(self._header, [row]))
            return
        if shell is not self._follows:
            shell.events.register("pre_run_cell", self._cell_begins)
            self._follows = shell
            self._cell_begins()
        self._table.rows.append(row)
        if self._shown is None:
            from IPython.display import display

            self._shown = display(self._table, display_id=True)
        else:
            self._shown.update(self._table)

    def _cell_begins(self, *_) -> None:
        """IPython calls it before each cell."""
        self._table, self._shown = Table(self._header, []), None


def _notebook():
    """The shell of the notebook that this process runs, None where there is none."""
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython
    from IPython.core.displaypub import DisplayPublisher

    shell = get_ipython()
    # The publisher of a terminal prints, and prints what is changed once more.
    return None if shell is None or type(shell.display_pub) is DisplayPublisher else shell
