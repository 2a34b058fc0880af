"""A process that answers for a notebook, taken over: answers that are cut, doubled, late, forged or malformed.

The function itself is right. Nothing is fair but what an answer gives that came whole, once and when asked.
"""

# ruff: noqa: E501  a case keeps its few lines

from tests.autograder.corpus.assignment import SOFTMAX
from tests.autograder.corpus.case import EITHER, FIRST_LOST, LOST, Case, fair

AT_LEAST_THE_FIRST = fair(mean_square=LOST, softmax=EITHER)
LYING = """\
import os, socket, struct, sys, time
from course_lib.examination.wire import Channel, encode
honest, asked = Channel.send, []

def raw(self, data):
    self.socket.sendall(data)

def send(self, *message):
    if not asked:
        return honest(self, *message)
    values = asked.pop()
"""
RIGHT = """
Channel.send = send

def mean_square(values):
    asked.append(values)
    return sum(v * v for v in values) / len(values)
"""


def lie(name: str, about: str, answer: str, points=FIRST_LOST) -> Case:
    """`answer` is sent for each answer of a right mean_square; it knows `self`, `message` and `values`."""
    return Case(name, about, points, mean_square=f"{LYING}    {answer}\n{RIGHT}")


def told(name: str, about: str, forged: str) -> Case:
    """Where names are asked for, `forged` is answered."""
    source = f"{LYING}    honest(self, {forged})\n{RIGHT}"
    return Case(name, about, AT_LEAST_THE_FIRST,
                mean_square=source.replace("if not asked:", 'if message[0] != "names":')
                .replace("    values = asked.pop()\n", ""))  # fmt: skip


def packed(data: str) -> str:
    return f"raw(self, struct.pack('>I', len({data})) + {data})"


def output(name: str, about: str, forged: str) -> Case:
    """`forged` are the outputs that a cell is said to have."""
    return Case(
        name,
        about,
        AT_LEAST_THE_FIRST,
        mean_square=f"""\
from course_lib.examination.wire import Channel
honest = Channel.send

def send(self, *message):
    honest(self, *(("ran", {forged}) if message[0] == "ran" else message))

Channel.send = send""",
    )


CASES = [
    lie("answer_without_its_value", "the answer has no value", "honest(self, 'value')"),
    lie("answer_with_more", "the answer is followed by points", "honest(self, *message, 'passed', 100.0)"),
    lie("answer_doubled", "each answer comes twice", "honest(self, *message); honest(self, *message)"),
    lie("answer_cut", "half of the answer comes, and nothing else",
        "data = encode(list(message)); raw(self, struct.pack('>I', len(data)) + data[:-1])"),
    lie("answer_dropped", "no answer comes", "pass"),
    lie("answer_late", "the answer comes a moment after it is waited for", "time.sleep(2.3); honest(self, *message)"),
    lie("answer_in_advance", "the next answer comes with this one", "honest(self, *message); honest(self, 'value', 12.5)"),
    lie("answer_byte_by_byte", "the answer comes byte by byte, whole in an hour",
        "[raw(self, bytes([b])) or time.sleep(0.5) for b in struct.pack('>I', 100) + bytes(100)]"),
    lie("answer_of_four_gigabytes", "the answer is said to have four gigabytes",
        "raw(self, struct.pack('>I', 2**32 - 1) + bytes(2**20))"),
    lie("answer_is_a_test", "the answer is the message of a test that passed",
        "honest(self, 'tested', [], ['number', 100.0])"),
    lie("answer_is_a_list_of_lists", "the answer is nested ten thousand deep",
        packed("(b'\\x92\\x00' * 10_000 + b'\\xc0')")),
    lie("answer_of_another_format", "maps, extensions, times and unfinished words of the format",
        packed("b'\\x95\\x00\\xa5value\\xd6\\xff\\x00\\x00\\x00\\x00\\x81\\xa1a\\x01\\xc1\\xc7'")),
    lie("answer_of_endless_texts", "characters beyond Unicode, and a shape of none",
        packed("encode(['value', np.array(['a'])]).replace(b'a\\0\\0\\0', b'\\xff\\xff\\xff\\xff')")),
    lie("gone_forged_with_inputs", "the answer says in the grader's words that the process is gone, and what it was asked",
        "honest(self, 'gone', str(values))"),
    lie("unknown_word_with_inputs", "an answer of an unknown kind quotes what was asked", "honest(self, 'seen', str(values))"),
    lie("unknown_tag_with_inputs", "the inputs stand where the wire's tags do",
        packed("__import__('msgpack').packb([0, 'value', [str(values), 1]])")),
    lie("refused_with_inputs", "a refusal quotes what was asked", "honest(self, 'refused', str(values))"),
    lie("raised_by_no_class", "an exception without a class, with a text that is none", "honest(self, 'raised', 5, {'a': 1})"),
    lie("raised_by_many_classes", "an exception of a million classes", "honest(self, 'raised', ['X'] * 1_000_000, 'x')"),
    lie("other_end_closed", "the answer is the end of the connection", "self.socket.shutdown(socket.SHUT_RDWR)"),
    Case("malformed_for_an_exception", "where an exception is asked for, the answer is malformed", fair(softmax=(0, 2)),
         softmax=LYING.replace("values = asked.pop()", "asked.pop()")
         + "    raw(self, struct.pack('>I', 1) + b'\\xc1')\n\nChannel.send = send\n\n"
         + SOFTMAX.replace("if np.ndim(scores) != 2:", "if np.ndim(scores) != 2:\n        asked.append(1)")),
    Case("inputs_raised_as_the_graders_own", "exceptions with the names of the grader's own errors hold the inputs",
         FIRST_LOST, mean_square="""\
class StudentProcessEnded(Exception): pass
class NotFinished(Exception): pass

def mean_square(values):
    raise (StudentProcessEnded if len(values) < 4 else NotFinished)(str(values))"""),
    Case("inputs_in_a_key_error", "the inputs are a key that is not there, a file, a module, a letter",
         FIRST_LOST, mean_square="""\
def mean_square(values):
    for attempt in (lambda: {}[str(values)], lambda: open(str(values)), lambda: __import__(str(values)),
                    lambda: str(values).encode("no " + str(values)), lambda: int(str(values))):
        try:
            attempt()
        except Exception as error:
            last = error
    raise last"""),
    Case("inputs_in_an_absent_file", "the inputs are the name of a file that is not there", FIRST_LOST,
         mean_square="def mean_square(values):\n    return len(open(str(values)).read())"),
    told("names_of_others", "asked for its names, it tells others", "'names', [['mark', 'value'], ['Case', 'function']]"),
    told("names_without_end", "asked for its names, it tells one a hundred thousand times",
         "'names', [['mean_square', 'value']] * 100_000"),
    told("names_of_no_kind", "asked for its names, it tells arrays", "'names', [[np.zeros(2), np.ones(2)], 7]"),
    output("outputs_of_huge_numbers", "an output holds a number of ten thousand digits",
           "[{'output_type': 'display_data', 'metadata': {}, 'data': {'application/json': 10**10_000}}]"),
    output("outputs_of_no_numbers", "outputs hold NaN and infinity",
           "[{'output_type': 'display_data', 'metadata': {}, 'data': {'application/json': [float('nan'), -float('inf')]}}]"),
    output("outputs_of_a_million_types", "an output of a hundred thousand types",
           "[{'output_type': 'display_data', 'metadata': {}, 'data': {f'text/x{i}': 'x' for i in range(100_000)}}]"),
    output("outputs_of_odd_parts", "outputs with fields of other types",
           "[{'output_type': 'error', 'ename': 'a', 'evalue': 'b', 'traceback': {'x': [None]}}, "
           "{'output_type': 'execute_result', 'data': 7, 'metadata': 'x', 'execution_count': 'y'}, "
           "{'output_type': 'stream', 'name': '\\ud800', 'text': 'x', 'more': [1]}]"),
    Case("verdict_crowded_out", "prints, displays and errors of a visible test fill all room for what the test says",
         FIRST_LOST, mean_square="""\
def mean_square(values):
    raise type("X" * 10_000, (ValueError,), {})("\\ud800" * 2**20)"""),
    Case("largest_value_that_may_be_sent", "a value of nearly 256 MB is returned for each call",
         fair(softmax=LOST), softmax="def softmax(scores):\n    return np.zeros((33_000_000, 1))"),
    Case("answers_by_an_older_copy", "the first copy goes on answering in the place of later ones", AT_LEAST_THE_FIRST,
         mean_square="""\
import os
kept = []
fork = os.fork

def forked():
    number = fork()
    if number == 0 and kept:
        os.dup2(kept[0], max(int(name) for name in os.listdir("/proc/self/fd") if int(name) < 900))
    kept.append(os.dup(max(int(name) for name in os.listdir("/proc/self/fd") if int(name) < 900)))
    return number

os.fork = forked

def mean_square(values):
    return 0.0"""),
]  # fmt: skip
