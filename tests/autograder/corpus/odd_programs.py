"""Right answers whose solution cells start threads, processes, programs and servers."""

# ruff: noqa: E501  a case keeps its few lines

from tests.autograder.corpus.case import Case

MEAN = "sum(v * v for v in values) / len(values)"
FUNCTION = f"def mean_square(values):\n    return {MEAN}"


def solved(name: str, about: str, source: str) -> Case:
    """`source` is the cell of mean_square."""
    return Case(name, about, mean_square=source)


CASES = [
    solved("threads_and_queues", "a worker thread answers by queues", """\
import queue, threading

def serve(asked, answered):
    for v in iter(asked.get, None):
        answered.put(v * v)

def mean_square(values):
    asked, answered = queue.Queue(), queue.Queue()
    threading.Thread(target=serve, args=(asked, answered), daemon=True).start()
    for v in values: asked.put(v)
    return sum(answered.get(timeout=5) for _ in values) / len(values)

mean_square([1.0, 2.0])"""),
    solved("processes_by_hand", "fork, pipes and shared memory", """\
import multiprocessing, os
context = multiprocessing.get_context("fork")

def add(values, total):
    with total.get_lock():
        total.value += sum(v * v for v in values)

def mean_square(values):
    total = context.Value("d", 0.0)
    parts = [context.Process(target=add, args=(values[i::2], total)) for i in range(2)]
    for part in parts: part.start()
    for part in parts: part.join()
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.write(writing, str(len(values)).encode())
        os._exit(0)
    os.wait()
    return total.value / int(os.read(reading, 20))"""),
    solved("pythons_started", "other Pythons, by ! and by subprocess, with the libraries of this one", f"""\
import subprocess, sys
said = !python -c "import numpy; print(2)"
assert said == ["2"], said
assert subprocess.run([sys.executable, "-c", "import course_lib; print(2)"], capture_output=True, check=True).stdout == b"2\\n"
subprocess.run(["echo", "shown"], stdout=sys.stdout, stderr=sys.stderr, check=True)

{FUNCTION}"""),
    Case("processes_spawned", "a spawned worker of a module that a cell has written",
         before=("%%writefile squares.py\ndef square(v):\n    return v * v",), mean_square=f"""\
import multiprocessing
from squares import square
with multiprocessing.get_context("spawn").Pool(1) as pool:
    squares = pool.map(square, [1, 2, 3])

def mean_square(values):
    assert squares == [1, 4, 9]
    return {MEAN}"""),
    solved("data_loader_in_a_solution", "torch's data loader with two workers, and tensors in shared memory", """\
from torch.utils.data import DataLoader, TensorDataset

def mean_square(values):
    x = torch.tensor(values, dtype=torch.float64).share_memory_()
    loader = DataLoader(TensorDataset(x), batch_size=3, num_workers=2)
    return float(sum((part ** 2).sum() for part, in loader)) / len(values)"""),
    solved("server_on_loopback", "a server in a thread, asked over loopback by the cell and by each call", """\
import http.server, json, threading, urllib.request

class Squares(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        values = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200); self.end_headers()
        self.wfile.write(json.dumps([v * v for v in values]).encode())
    def log_message(self, *_): pass

def mean_square(values):
    with http.server.HTTPServer(("localhost", 0), Squares) as server:
        threading.Thread(target=server.handle_request).start()
        address = f"http://localhost:{server.server_port}"
        squares = json.load(urllib.request.urlopen(address, json.dumps(values).encode(), timeout=5))
    return sum(squares) / len(values)

mean_square([1.0, 2.0])"""),
    solved("programs_awaited", "programs that the event loop runs, and an alarm of the student's own", """\
import asyncio, signal
program = await asyncio.create_subprocess_exec("echo", "2", stdout=asyncio.subprocess.PIPE)
power = int((await program.communicate())[0])
signal.signal(signal.SIGALRM, lambda *_: (_ for _ in ()).throw(TimeoutError()))
signal.alarm(60)

def mean_square(values):
    signal.alarm(20)
    try:
        return sum(v ** power for v in values) / len(values)
    finally:
        signal.alarm(0)"""),
    solved("streams_of_python", "Python's own streams, their numbers and a traceback on time", f"""\
import faulthandler, sys
faulthandler.enable()
faulthandler.dump_traceback_later(60)
print("to the screen", file=sys.__stdout__ or sys.stdout, flush=True)
assert sys.stdin.read() == "" if sys.stdin else True
assert sys.stdout.fileno() >= 0 and sys.stderr.fileno() >= 0

{FUNCTION}"""),
]  # fmt: skip
