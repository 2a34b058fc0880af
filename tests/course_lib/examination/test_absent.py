"""Which files a notebook asked for is read from what Python said of them."""

from course_lib.examination.absent import asked_for


def error(text):
    return {"output_type": "error", "ename": "Error", "evalue": text, "traceback": []}


def printed(text):
    return {"output_type": "stream", "name": "stdout", "text": text}


def test_files_and_modules_are_named_once_with_the_first_place():
    outputs = {
        4: [printed("got FileNotFoundError: [Errno 2] No such file or directory: 'data/table.csv'\n")],
        2: [
            error("[Errno 2] No such file or directory: 'data/table.csv'"),
            error("No module named 'my.own'"),
        ],
    }
    assert asked_for(outputs) == {"data/table.csv": 2, "my/own.py": 2}


def test_a_path_of_the_students_machine_and_other_errors_are_left_out():
    outputs = {
        1: [error("[Errno 2] No such file or directory: '/home/ada/table.csv'")],
        2: [error("division by zero"), {"output_type": "display_data", "data": {}, "metadata": {}}],
    }
    assert asked_for(outputs) == {}
