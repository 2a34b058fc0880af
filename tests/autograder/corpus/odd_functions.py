"""Right answers written in ways that a reference solution is not."""

# ruff: noqa: E501  a case keeps its few lines

from tests.autograder.corpus.case import Case

MEAN = "sum(v * v for v in values) / len(values)"


def written(name: str, about: str, source: str) -> Case:
    """`source` is the cell of mean_square."""
    return Case(name, about, mean_square=source)


CASES = [
    written("helper_function", "a helper in the same cell",
            "def square(v):\n    return v * v\n\ndef mean_square(values):\n    return sum(map(square, values)) / len(values)"),
    Case("helper_in_its_own_cell", "a helper in a cell of the student's", before=("def square(v):\n    return v * v",),
         mean_square="def mean_square(values):\n    return sum(map(square, values)) / len(values)"),
    Case("helper_defined_later", "a helper in the task's next cell, found when it is called",
         mean_square="def mean_square(values):\n    return sum(map(square, values)) / len(values)\n\n"
         "def square(v):\n    return v * v"),
    written("helper_class", "a class of the student's", "class Mean:\n    def __init__(self):\n        self.sum = self.n = 0\n"
            "    def add(self, v):\n        self.sum += v * v\n        self.n += 1\n\ndef mean_square(values):\n"
            "    mean = Mean()\n    for v in values:\n        mean.add(v)\n    return mean.sum / mean.n"),
    written("dataclass_and_enum", "a dataclass, an enum and a named tuple",
            "import dataclasses, enum, typing\n\nclass Power(enum.IntEnum):\n    TWO = 2\n\n@dataclasses.dataclass\nclass Sum:\n"
            "    value: float = 0.0\n\nclass Count(typing.NamedTuple):\n    n: int\n\ndef mean_square(values):\n    total = Sum()\n"
            "    for v in values:\n        total.value += v ** Power.TWO\n    return total.value / Count(len(values)).n"),
    written("global_state", "a global counter that every call changes",
            "calls = 0\n\ndef mean_square(values):\n    global calls\n    calls += 1\n"
            "    return sum(v * v for v in values) / len(values)"),
    written("closure", "a function made by a function", "def make(power):\n    def mean(values):\n"
            "        return sum(v ** power for v in values) / len(values)\n    return mean\n\nmean_square = make(2)"),
    written("lambda_expression", "a lambda", f"mean_square = lambda values: {MEAN}"),
    written("callable_object", "an object with __call__", f"class Mean:\n    def __call__(self, values):\n        return {MEAN}\n\n"
            "mean_square = Mean()"),
    written("partial", "functools.partial", "import functools\n\ndef mean(power, values):\n"
            "    return sum(v ** power for v in values) / len(values)\n\nmean_square = functools.partial(mean, 2)"),
    written("static_method", "a static method of a class", f"class Means:\n    @staticmethod\n    def square(values):\n        return {MEAN}\n\n"
            "mean_square = Means.square"),
    written("cached", "functools.cache below a conversion to a tuple", f"import functools\n\n@functools.cache\ndef cached(values):\n    return {MEAN}\n\n"
            "def mean_square(values):\n    return cached(tuple(values))"),
    written("decorated", "a decorator without functools.wraps", f"def logged(function):\n    def inner(*arguments, **named):\n"
            f"        return function(*arguments, **named)\n    return inner\n\n@logged\ndef mean_square(values):\n    return {MEAN}"),
    written("any_arguments", "*args and defaults", f"def mean_square(*arguments, power=2, **named):\n    values = arguments[0]\n    return {MEAN}"),
    written("other_parameter_name", "a parameter of another name", "def mean_square(xs: list[float]) -> float:\n    return sum(x * x for x in xs) / len(xs)"),
    written("changes_its_argument", "the argument is changed on the way", "def mean_square(values):\n    n = len(values)\n    total = 0\n"
            "    while values:\n        total += values.pop() ** 2\n    return total / n"),
    written("recursion", "recursion over the list", "def squares(values):\n    return values[0] ** 2 + squares(values[1:]) if values else 0\n\n"
            "def mean_square(values):\n    return squares(values) / len(values)"),
    written("generator_inside", "a generator and a walrus", "def mean_square(values):\n    def squares():\n        for v in values:\n"
            "            yield (w := v * v)\n    return sum(squares()) / len(values)"),
    written("pattern_matching", "match and except*", "def mean_square(values):\n    match values:\n        case [one]:\n            return one * one\n"
            f"        case _:\n            return {MEAN}"),
    written("defined_twice", "two definitions in one cell: the last holds", f"def mean_square(values):\n    return 0.0\n\ndef mean_square(values):\n    return {MEAN}"),
    Case("wrong_first_try_above", "an earlier wrong definition in a cell of the student's",
         before=("def mean_square(values):\n    return 0.0\nmean_square([1.0])",), apart=True),
    Case("scratch_at_the_end", "a wrong variant tried out at the end, below all tests",
         after=("def mean_square(values):\n    return 'just trying'\nmean_square([1])",)),
    written("sleeps_a_little", "each call takes a moment", f"import time\n\ndef mean_square(values):\n    time.sleep(0.03)\n    return {MEAN}"),
    written("imports_inside", "imports inside the function", "def mean_square(values):\n    import statistics, math\n    return math.fsum(v * v for v in values) / len(values)"),
    written("heavy_imports", "libraries that take long to import", f"import scipy.optimize, sklearn.linear_model, torch.optim\n\ndef mean_square(values):\n    return {MEAN}"),
    written("asyncio_inside", "an event loop of its own inside the function",
            "import asyncio\n\nasync def square(v):\n    await asyncio.sleep(0)\n    return v * v\n\ndef mean_square(values):\n    async def all():\n"
            "        return sum([await square(v) for v in values]) / len(values)\n    loop = asyncio.new_event_loop()\n"
            "    import threading\n    out = []\n    thread = threading.Thread(target=lambda: out.append(loop.run_until_complete(all())))\n"
            "    thread.start(); thread.join(); loop.close()\n    return out[0]"),
    written("threads_inside", "a pool of threads inside the function",
            "from concurrent.futures import ThreadPoolExecutor\n\ndef mean_square(values):\n    with ThreadPoolExecutor(4) as pool:\n"
            "        return sum(pool.map(lambda v: v * v, values)) / len(values)"),
    written("processes_inside", "multiprocessing inside the function",
            "import multiprocessing\nsquare = lambda v: v * v\n\ndef squares(v):\n    return v * v\n\ndef mean_square(values):\n"
            "    with multiprocessing.get_context('fork').Pool(2) as pool:\n        return sum(pool.map(squares, values)) / len(values)"),
    written("file_inside", "a scratch file written and read inside the function",
            "import json, tempfile\n\ndef mean_square(values):\n    with tempfile.NamedTemporaryFile('w+') as file:\n        json.dump(values, file)\n"
            "        file.flush()\n        values = json.load(open(file.name))\n    return sum(v * v for v in values) / len(values)"),
    written("compiled", "torch and NumPy compiled expressions", "def mean_square(values):\n    x = torch.tensor(values, dtype=torch.float64)\n"
            "    return float(torch.einsum('i,i->', x, x) / len(x))"),
    written("own_exceptions_inside", "exceptions raised and caught inside",
            f"def mean_square(values):\n    try:\n        raise KeyError('never mind')\n    except KeyError:\n        return {MEAN}\n    finally:\n        pass"),
]  # fmt: skip
