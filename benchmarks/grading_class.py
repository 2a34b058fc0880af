"""A class whose grading is measured: a notebook with torch and 12 cells, and submissions right and wrong."""

import copy
import itertools

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_lib.seeds import stream

ASSIGNMENT = "q00_regression"
NOTEBOOK = "regression"
SETUP = """\
import torch
from torch import nn

torch.manual_seed(0)
x = torch.linspace(-1, 1, 64).unsqueeze(1)"""
SOFTMAX = {
    "right": """\
def softmax(z):
    e = torch.exp(z - z.max(-1, keepdim=True).values)
    return e / e.sum(-1, keepdim=True)""",
    "overflows": """\
def softmax(z):
    e = torch.exp(z)
    return e / e.sum(-1, keepdim=True)""",
    "untouched": """\
def softmax(z):
    raise NotImplementedError("Q0.1: softmax")""",
}
FIT = {
    "right": """\
def fit(x, y, steps=25):
    model = nn.Linear(x.shape[1], 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
    return [p.detach().flatten()[0].item() for p in model.parameters()]""",
    "ascends": """\
def fit(x, y, steps=25):
    model = nn.Linear(x.shape[1], 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, maximize=True)
    for _ in range(steps):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
    return [p.detach().flatten()[0].item() for p in model.parameters()]""",
    "raises": "def fit(x, y, steps=25):\n    return nn.Linear(x.shape[0], 1)(x)",
}
NETWORK = {
    "right": """\
def train(x, y, width=32, epochs=15):
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(1, width), nn.Tanh(), nn.Linear(width, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    losses = []
    for _ in range(epochs):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses""",
    "no steps": "def train(x, y, width=32, epochs=15):\n    return [1.0] * epochs",
}
SOFTMAX_TEST = """\
assert torch.allclose(softmax(torch.zeros(2, 4)), torch.full((2, 4), 0.25))
1.0"""
SOFTMAX_HIDDEN = """\
### BEGIN HIDDEN TESTS
# canary-q00-1a2b3c4d
z = torch.tensor([[1000.0, 0.0], [0.0, -1000.0]])
2.0 * bool(torch.allclose(softmax(z), torch.tensor([[1.0, 0.0], [1.0, 0.0]])))
### END HIDDEN TESTS"""
FIT_TEST = """\
slope, offset = fit(x, 3 * x + 0.5)
2.0 * (abs(slope - 3) < 0.2 and abs(offset - 0.5) < 0.05)"""
TRAIN_HIDDEN = """\
### BEGIN HIDDEN TESTS
# canary-q00-5e6f7a8b
losses = train(x, torch.sin(3 * x))
1.0 * (len(losses) == 15) + 2.0 * (losses[-1] < 0.5 * losses[0])
### END HIDDEN TESTS"""
OWN = """\
print(f"{train(x, x**2, width=8)[-1]:.4f}")"""
STUB = "*Your answer here.*"


def source():
    """The instructor's notebook: 8 points by tests, 2 by a written answer."""
    cells = [
        new_markdown_cell("# Regression with torch", id="title"),
        _marked(new_code_cell(SETUP), "q00_setup"),
        _marked(new_code_cell(_region(SOFTMAX["right"], "Q0.1: softmax")), "q00_softmax", solution=True),
        _marked(new_code_cell(SOFTMAX_TEST), "q00_softmax_test", points=1),
        _marked(new_code_cell(SOFTMAX_HIDDEN), "q00_softmax_hidden", points=2),
        _marked(new_code_cell(_region(FIT["right"], "Q0.2: fit")), "q00_fit", solution=True),
        _marked(new_code_cell(FIT_TEST), "q00_fit_test", points=2),
        _marked(new_code_cell(_region(NETWORK["right"], "Q0.3: train")), "q00_train", solution=True),
        _marked(new_code_cell(TRAIN_HIDDEN), "q00_train_hidden", points=3),
        new_markdown_cell("What does the width change?", id="question"),
        _marked(new_markdown_cell("It fits better."), "q00_explain", solution=True, points=2),
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def submissions(released, count: int) -> dict[str, object]:
    """student -> notebook: `count` of them, every mix of right and wrong answers in turn, no two the same."""
    mixes = list(itertools.product(SOFTMAX.values(), FIT.values(), NETWORK.values(), (STUB, "It does.")))
    stream("grading", "class").shuffle(mixes)
    found = {}
    for number, (softmax, fit, train, answer) in zip(range(count), itertools.cycle(mixes)):
        notebook = copy.deepcopy(released)
        own = {"q00_softmax": softmax, "q00_fit": fit, "q00_train": train, "q00_explain": answer}
        for cell in notebook.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            cell.source = own.get(name, cell.source)
        note = f"# attempt {number}\n"
        notebook.cells.append(new_code_cell(note + OWN, id="own"))
        found[f"student{number:04}"] = notebook
    return found


def _region(source: str, label: str) -> str:
    head, *body = source.split("\n")
    return "\n".join([head, f"    ### BEGIN SOLUTION {label}", *body, "    ### END SOLUTION"])


def _marked(cell, name: str, *, solution: bool = False, points: float | None = None):
    cell.id = name.replace("_", "-")
    marks = {"grade_id": name, "grade": points is not None, "solution": solution, "task": False}
    marks |= {"locked": not solution, "schema_version": 3}
    cell.metadata["nbgrader"] = marks | ({} if points is None else {"points": points})
    return cell
