"""A file that cannot be read or decoded is named in one line."""

import pytest

from course_lib.errors import UserError
from course_lib.text_files import decoded, read


def test_bytes_and_text_come_as_they_are_without_the_mark_at_the_beginning(tmp_path):
    (tmp_path / "a.txt").write_bytes("\ufeffzwölf\n".encode())
    assert decoded("a.txt", read(tmp_path / "a.txt")) == "zwölf\n"


def test_a_file_that_is_missing_and_one_of_another_encoding_are_named(tmp_path):
    with pytest.raises(UserError, match=r"^cannot read .*b\.txt: No such file or directory$"):
        read(tmp_path / "b.txt")
    with pytest.raises(UserError, match=r"^c\.txt, line 2: this is not text in UTF-8$"):
        decoded("c.txt", b"eins\nzw\xf6lf\n")
