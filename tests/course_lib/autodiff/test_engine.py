"""The engine passes every check, and each of these mistakes in graph or gradient fails at least one."""

import pytest

from tests.course_lib.autodiff import engines, graph_checks, value_checks

# What is quick and finds most stands first.
CHECKS = [
    graph_checks.a_node_gets_its_gradient_by_every_path,
    graph_checks.every_edge_is_walked_once,
    graph_checks.the_gradient_from_above_counts,
    graph_checks.a_second_backward_adds_to_leaves_and_starts_inner_nodes_anew,
    graph_checks.a_freed_graph_says_so,
    graph_checks.memory_is_freed_while_the_loss_lives,
    graph_checks.no_grad_records_nothing_and_ends,
    value_checks.corners_have_torchs_slopes,
    value_checks.matrix_products_have_torchs_shapes,
    value_checks.every_view_has_torchs_gradient,
    value_checks.what_networks_are_made_of_has_torchs_gradient,
    value_checks.any_strides_will_do,
    value_checks.float64_and_float32_stay,
    value_checks.nothing_and_single_numbers_have_gradients,
    value_checks.an_operand_that_was_replaced_leaves_recorded_graphs_alone,
    value_checks.losses_stand_far_out,
    value_checks.random_programs_agree_with_torch,
    graph_checks.a_deep_graph_needs_no_recursion,
]

PREORDER = [
    ("graph.py", "seen, done = {id(root)}, []", "seen, done = {id(root)}, [root]"),
    ("graph.py", "seen.add(id(parent))", "seen.add(id(parent)); done.append(parent)"),
    ("graph.py", "            done.append(node)\n", ""),
    ("graph.py", "return done[::-1]", "return done"),
]
BREADTH_FIRST = [
    ("graph.py", "    while stack:\n", "    for node, _ in stack:\n        done.append(node)\n"
     "        for parent in _parents(node):\n            if id(parent) not in seen:\n"
     "                seen.add(id(parent)); stack.append((parent, None))\n"
     "    return done\n    while stack:\n"),
]  # fmt: skip
RECURSION = [
    ("graph.py", "    stack = [(root, _parents(root))]\n    while stack:\n",
     "    def visit(node):\n        for parent in _parents(node):\n            if id(parent) not in seen:\n"
     "                seen.add(id(parent)); visit(parent)\n        done.append(node)\n"
     "    visit(root)\n    stack = []\n    while stack:\n"),
]  # fmt: skip
SLOPE_1_AT_0 = [
    ("operations.py", 'lambda g: backend.zip("select", y, g)  #',
     'lambda g: backend.zip("select", backend.zip("equal", x, y), g)  #'),
]  # fmt: skip
NAIVE_SIGMOID = [
    (
        "backends/numpy.py",
        '"sigmoid": self._sigmoid',
        '"sigmoid": lambda x: library.exp(x) / (1 + library.exp(x))',
    ),
]
MISTAKES = {
    "nodes in preorder": PREORDER,
    "nodes breadth first": BREADTH_FIRST,
    "nodes by recursion": RECURSION,
    "a part of a gradient overwrites the others": [
        ("graph.py", "add(waiting[key], part) if key in waiting else part", "part"),
    ],
    "a second backward overwrites the leaves": [
        ("tensor.py", "complete if node.grad is None else add(node.grad.data, complete)", "complete"),
    ],
    "inner nodes keep their gradient for a second backward": [
        ("scalar.py", "complete if node.edges else node.grad + complete", "node.grad + complete"),
    ],
    "an operand that is used twice counts once": [
        ("tensor.py", "tuple([(each, slope) for each, slope in pairs if each.requires_grad and slope])",
         "tuple({id(each): (each, slope) for each, slope in pairs if each.requires_grad}.values())"),
    ],
    "the gradient from above is taken for ones": [
        ("tensor.py", "np.ones(self.shape) if given is None else given)",
         "np.ones(self.shape if given is None else np.shape(given)))"),
    ],
    "softmax forgets that the others' shares change too": [
        ("operations.py", 'return backend.zip("subtract", part, backend.zip("multiply", y, total))',
         "return part"),
    ],
    "log_softmax takes the gradient of all classes for 1": [
        ("operations.py", 'share = backend.zip("divide", sum(backend, g, dims)[0], total)',
         'share = backend.zip("divide", backend.array(1, g.dtype), total)'),
    ],
    "gelu forgets that x³ is three times as steep": [
        ("operations.py", 'backend.zip("multiply", bent, three)', "bent"),
    ],
    "layer_norm takes the mean for a constant": [
        ("operations.py", 'backend.zip("subtract", backend.zip("subtract", h, mean(h)), along)',
         'backend.zip("subtract", h, along)'),
    ],
    "layer_norm takes the variance for a constant": [
        ("operations.py", 'backend.zip("subtract", backend.zip("subtract", h, mean(h)), along)',
         'backend.zip("subtract", h, mean(h))'),
    ],
    "layer_norm's weight gets the gradient of the bias": [
        ("operations.py", 'slope_x, lambda g: backend.zip("multiply", g, normal), lambda g: g',
         "slope_x, lambda g: g, lambda g: g"),
    ],
    "unbroadcast takes the mean": [
        ("operations.py", 'gradient = backend.reduce("sum", gradient, dim)',
         "gradient = gradient.mean(dim, keepdims=True)"),
    ],
    "unbroadcast sums leading dimensions alone": [
        ("operations.py", "dim < leading or (shape[dim - leading] == 1 and gradient.shape[dim] != 1)",
         "dim < leading"),
        ("operations.py", "return gradient.reshape(shape)", "return np.resize(gradient, shape)"),
    ],
    "ReLU has slope 1 at 0": SLOPE_1_AT_0,
    "equal maxima each get all": [
        ("operations.py", 'backend.zip("multiply", mask, backend.zip("divide", g, ties))',
         'backend.zip("multiply", mask, g)'),
    ],
    "sigmoid overflows": NAIVE_SIGMOID,
    "negative dimensions count from the front": [
        ("strides.py", "sorted(each % max(ndim, 1) for each in named)",
         "sorted(each if each >= 0 else -each - 1 for each in named)"),
    ],
    "a vector's product loses every dimension of size 1": [
        ("tensor.py", ".squeeze(-1 if other.ndim == 1 else -2)", ".squeeze()"),
    ],
    "a matrix product's gradient turns whole batches around": [
        ("operations.py", "backend.matmul(g, y.swapaxes(-1, -2))", "backend.matmul(g, y.T)"),
    ],
    "reshape reads Fortran order as it lies": [
        ("operations.py", "return x.reshape(shape), lambda", 'return x.reshape(shape, order="A"), lambda'),
    ],
    "permute goes back by the same order": [
        ("operations.py", "tuple(int(i) for i in np.argsort(dims))", "dims"),
    ],
    "a slice's gradient lies beside garbage": [("operations.py", "whole[...] = 0", "whole[...] = 1")],
    "the slope of a quotient has the wrong sign": [
        ("operations.py", 'return backend.map("negate", backend.zip("multiply", g, backend.zip("divide",',
         'return (backend.zip("multiply", g, backend.zip("divide",'),
    ],
    "x to the power 0 has no slope at 0": [
        ("operations.py", 'backend.zip("select", y, backend.zip("multiply", y, lower))',
         'backend.zip("multiply", y, lower)'),
    ],
    "float64 is lost": [
        ("tensor.py", 'kind != "f" or dtype is None', "dtype != np.float32"),
    ],
    "softmax subtracts no maximum": [
        ("functional.py", "x - x.detach().max(dim, keepdim=True) if math.prod(x.shape) else x", "x"),
    ],
    "targets that are ignored count below": [
        ("functional.py", "int(counted.sum())", "targets.size"),
    ],
    "no_grad does not end after an error": [
        ("recording.py", "    try:\n        yield\n    finally:\n        _recording.on = before",
         "    yield\n    _recording.on = before"),
    ],
    "the graph stays after backward": [
        ("graph.py", "if not retain_graph and node.edges:", "if False:"),
    ],
    "a gradient is added in place": [
        ("tensor.py", 'return self.backend.zip("add", one, other)', "one += other; return one"),
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def ours():
    return engines.load("course_lib.autodiff")


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_engine_passes(check, ours):
    check(ours)


@pytest.mark.slow
def test_many_random_programs_agree_with_torch(ours):
    value_checks.random_programs_agree_with_torch(ours, examples=1000)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_fails(mistake, tmp_path):
    engine = engines.mistaken(tmp_path, MISTAKES[mistake])
    for check in CHECKS:
        try:
            check(engine)
        except BaseException:  # RecursionError, a failed pytest.raises, whatever the check came upon
            return
    pytest.fail(f"no check notices that {mistake}")
