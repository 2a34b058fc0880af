"""Right answers beside settings that a student changed for the whole process, in a cell before them."""

# ruff: noqa: E501  a case keeps its few lines

from tests.autograder.corpus.case import Case


def setting(name: str, about: str, source: str, **more) -> Case:
    """`source` runs before all other cells."""
    return Case(name, about, before=(source,), **more)


CASES = [
    setting("numpy_errors", "NumPy raises on underflow and division", "import numpy as np\nnp.seterr(all='raise', under='ignore')"),
    setting("numpy_printing", "NumPy prints two digits", "import numpy as np\nnp.set_printoptions(precision=2, threshold=3)"),
    setting("torch_default_dtype", "tensors are float64 by default",
            "import torch\ntorch.set_default_dtype(torch.float64)"),
    setting("torch_no_gradients", "gradients are switched off and determinism on",
            "import torch\ntorch.set_grad_enabled(False)\ntorch.use_deterministic_algorithms(True)"),
    setting("torch_half_precision", "tensors are float16 by default", "import torch\ntorch.set_default_dtype(torch.float16)"),
    setting("torch_threads", "torch is given four threads", "import torch\ntorch.set_num_threads(4)"),
    setting("seeds", "every generator is seeded", "import random, numpy as np, torch\n"
            "random.seed(0); np.random.seed(0); torch.manual_seed(0)"),
    setting("recursion_limit", "a low recursion limit", "import sys\nsys.setrecursionlimit(600)"),
    setting("high_recursion_limit", "a high recursion limit", "import sys\nsys.setrecursionlimit(50_000)"),
    setting("decimal_context", "decimals of three digits that trap", "import decimal\n"
            "decimal.getcontext().prec = 3\ndecimal.getcontext().traps[decimal.Inexact] = True"),
    setting("locale", "another locale and time zone", "import locale, os, time\nlocale.setlocale(locale.LC_ALL, '')\n"
            "os.environ['TZ'] = 'Asia/Kolkata'\ntime.tzset()"),
    setting("working_directory", "another working directory", "import os, tempfile\nos.chdir(tempfile.mkdtemp())"),
    setting("working_directory_by_magic", "%cd to the root", "%cd /"),
    setting("warnings_as_errors", "every warning is an exception", "import warnings\nwarnings.simplefilter('error')"),
    setting("environment_variables", "environment variables of libraries",
            "%env OMP_NUM_THREADS=2\nimport os\nos.environ['CUDA_VISIBLE_DEVICES'] = ''\nos.environ.pop('HOME', None)"),
    setting("module_path", "a folder of the student's at the head of sys.path",
            "import os, sys\nos.makedirs('mine', exist_ok=True)\nopen('mine/squares.py', 'w').write('TWO = 2')\n"
            "sys.path.insert(0, 'mine')\nimport squares\nassert squares.TWO == 2"),
    Case("module_beside_the_notebook", "the solution imports a module that a cell above has written",
         before=("%%writefile squares.py\ndef square(value):\n    return value * value",),
         mean_square="from squares import square\n\ndef mean_square(values):\n    return sum(map(square, values)) / len(values)"),
    setting("garbage_collector", "the garbage collector is off", "import gc\ngc.disable(); gc.freeze()"),
    setting("signal_handlers", "a handler for SIGALRM and SIGINT, and an alarm that was forgotten",
            "import signal\nsignal.signal(signal.SIGALRM, lambda *_: print('ding'))\n"
            "signal.signal(signal.SIGINT, lambda *_: print('not now'))\nsignal.setitimer(signal.ITIMER_REAL, 0.05)"),
    setting("faulthandler_and_trace", "faulthandler, tracemalloc and a profile that was never closed",
            "import cProfile, faulthandler, tracemalloc\nfaulthandler.enable()\ntracemalloc.start()\n"
            "profile = cProfile.Profile()\nprofile.enable()"),
    setting("interactivity", "every expression of a cell is shown", "from IPython.core.interactiveshell import InteractiveShell\n"
            "InteractiveShell.ast_node_interactivity = 'all'\n1\n2"),
    setting("autoreload", "autoreload, autocall and automagic", "%load_ext autoreload\n%autoreload 2\n%autocall 1\n%automagic on"),
    setting("plain_prompt", "IPython's exception mode and colors", "%xmode Verbose\n%colors nocolor\n%precision 2\n%pprint"),
    setting("names_taken", "names that tests use are taken: mark, Case, x, fits, random, cases, numbers",
            "mark = Case = 3\nx = 'x'\nfits = None\nrandom = cases = numbers = values = expected = []"),
    setting("builtins_taken", "names of builtins are used for variables",
            "list = [1, 2]\nfloat = 3.0\nid = 7\ninput = 'text'\nround = 'r'\nprint('shadowed')"),
    setting("names_deleted", "%reset and del of names", "import math\ndel math\n%reset -f", apart=True),
    setting("event_loop", "an event loop with a task that goes on",
            "import asyncio\nasync def tick():\n    while True:\n        await asyncio.sleep(0.01)\n"
            "task = asyncio.get_event_loop().create_task(tick())"),
    setting("thread_goes_on", "a daemon thread that computes on", "import threading, time\n"
            "def work():\n    while True:\n        time.sleep(0.01)\nthreading.Thread(target=work, daemon=True).start()"),
    setting("thread_never_ends", "a thread that is no daemon and waits for ever",
            "import threading\nthreading.Thread(target=threading.Event().wait).start()"),
    setting("worker_pool", "two worker processes and what they computed",
            "from concurrent.futures import ProcessPoolExecutor\nimport math, multiprocessing\n"
            "with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context('fork')) as pool:\n"
            "    assert list(pool.map(math.sqrt, [1, 4])) == [1.0, 2.0]"),
    setting("four_ranks", "a process group of gloo on loopback",
            "import torch.distributed as dist\nstore = dist.TCPStore('127.0.0.1', 0, 1, True)\n"
            "dist.init_process_group('gloo', store=store, rank=0, world_size=1)\ndist.barrier()"),
]  # fmt: skip
