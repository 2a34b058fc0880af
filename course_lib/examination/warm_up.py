"""What nearly every notebook does, done once by the process that forks others.

What Python, IPython and torch do for the first time takes several times as long as the second time: they
import, fill caches, and rewrite the code that runs. Each forked process would do that again, and copy each
page of memory that it writes to. Nothing of it can be seen in a notebook afterwards: no name, no number of a
cell, and the random numbers are those of a new process.
"""

import sys

from course_lib.examination.shell import Shell

TIMES = 8  # CPython rewrites code that has run this often (COLD_EXIT_INITIAL_VALUE and its like)
LEFT_BY_ERRORS = ("last_type", "last_value", "last_traceback", "last_exc")
CELL = """\
import math

def rounded(values):
    return [round(value, 2) for value in values]

found = rounded([math.pi, math.e])
assert found == [3.14, 2.72]
print(f"{found[0]:.1f}")
found"""
ERROR = "raise ValueError('as a task that is not solved')"


def run_cells(shell: Shell) -> None:
    """Run cells that define, print, show a value and fail, and leave `shell` as if it had run none."""
    names, hidden, history = dict(shell.user_ns), dict(shell.user_ns_hidden), shell.history_manager
    typed = history._i00, history._i, history._ii, history._iii
    for _ in range(TIMES):
        shell.run(CELL)
        shell.run(ERROR)
    del history.input_hist_parsed[1:], history.input_hist_raw[1:]
    history.output_hist_reprs.clear()
    history.reset(new_session=False)
    history._i00, history._i, history._ii, history._iii = typed
    shown = shell.displayhook
    shown._ = shown.__ = shown.___ = ""
    shell.user_ns.clear()
    shell.user_ns.update(names)
    shell.user_ns_hidden.clear()
    shell.user_ns_hidden.update(hidden)
    shell.execution_count = 1
    shell.last_execution_succeeded, shell.last_execution_result = True, None
    for name in LEFT_BY_ERRORS:
        vars(sys).pop(name, None)


def train() -> None:
    """Train small networks with torch by both usual optimizers. Draws no random number in the end."""
    import torch
    from torch import nn

    state = torch.get_rng_state()
    x = torch.linspace(-1, 1, 8).unsqueeze(1)
    for optimizer in (torch.optim.SGD, torch.optim.Adam):
        model = nn.Sequential(nn.Linear(1, 2), nn.Tanh(), nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1))
        steps = optimizer(model.parameters(), lr=0.1)
        for _ in range(TIMES):
            steps.zero_grad()
            loss = nn.functional.mse_loss(model(x), 2 * x + 1)
            loss.backward()
            steps.step()
            loss.item()
        with torch.no_grad():
            scores = torch.softmax(torch.cat([model(x), -x], dim=1), dim=-1)
            scores = torch.exp(scores - scores.max(-1, keepdim=True).values)
            torch.allclose(scores, scores.sum(-1, keepdim=True))
            nn.functional.cross_entropy(scores, scores.argmax(-1)).item()
    torch.set_rng_state(state)
