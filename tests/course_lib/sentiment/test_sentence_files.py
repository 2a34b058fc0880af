"""Files of real sentences: read by path, downloaded with a sum, and refused with the number of the line."""

import hashlib
import http.server
import io
import json
import threading
import zipfile

import pytest

from course_lib.errors import UserError
from course_lib.sentiment import sentence_files

TRAIN = "sentence\tlabel\nhide new secretions \t0\na \"charming film\t1\nit 's gripping\t1\n"
DEV = "sentence\tlabel\nnot dull\t1\n"


def zipped(train=TRAIN, dev=DEV):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("SST-2/original/train.tsv", "another file of this name")
        archive.writestr("SST-2/train.tsv", train)
        archive.writestr("SST-2/dev.tsv", dev)
        archive.writestr("SST-2/test.tsv", "index\tsentence\n0\tno label here\n")
    return content.getvalue()


def refusal(call, *arguments, **options) -> str:
    with pytest.raises(UserError) as caught:
        call(*arguments, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def written(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_sst2_is_read_from_a_zip_and_from_its_folder(tmp_path):
    from_zip = sentence_files.sst2(written(tmp_path, "SST-2.zip", zipped()))
    zipfile.ZipFile(tmp_path / "SST-2.zip").extractall(tmp_path)
    for parts in (from_zip, sentence_files.sst2(tmp_path / "SST-2")):
        assert parts["train"].texts == ("hide new secretions", 'a "charming film', "it 's gripping")
        assert parts["train"].labels.tolist() == [0, 1, 1]
        assert (parts["dev"].texts, parts["dev"].labels.tolist()) == (("not dull",), [1])


def test_sst2_is_downloaded_once_and_kept_under_the_right_sum(mirror, tmp_path):
    folder, address = mirror
    content = zipped()
    written(folder, "SST-2.zip", content)
    digest = hashlib.sha256(content).hexdigest().upper()
    path = sentence_files.download_sst2(f"{address}SST-2.zip", digest, tmp_path / "kept")
    assert len(sentence_files.sst2(path)["train"]) == 3
    (folder / "SST-2.zip").unlink()
    assert sentence_files.download_sst2(f"{address}SST-2.zip", digest, tmp_path / "kept") == path


def test_a_wrong_sum_is_refused_and_nothing_is_kept(mirror, tmp_path):
    folder, address = mirror
    written(folder, "SST-2.zip", zipped())
    kept = tmp_path / "kept"
    message = refusal(sentence_files.download_sst2, f"{address}SST-2.zip", "0" * 64, kept)
    assert "wrong SHA256 sum" in message
    assert "the generated reviews" in message
    assert [path for path in kept.rglob("*") if path.is_file()] == []


def test_a_download_that_ends_too_early_keeps_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    content = zipped()

    class Half(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2])

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Half) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/SST-2.zip"
        digest = hashlib.sha256(content).hexdigest()
        assert "127.0.0.1" in refusal(sentence_files.download_sst2, address, digest, tmp_path / "kept")
        server.shutdown()
    assert [path for path in (tmp_path / "kept").rglob("*") if path.is_file()] == []


def test_a_mirror_without_the_file_is_named(mirror, tmp_path):
    message = refusal(sentence_files.download_sst2, f"{mirror[1]}none.zip", "0" * 64, tmp_path)
    assert "HTTP 404" in message


@pytest.mark.parametrize("url", ["SST-2.zip", "file:///SST-2.zip", "https://mirror.example/"])
def test_an_address_without_a_file_is_refused(url):
    assert "a mirror's address" in refusal(sentence_files.download_sst2, url, "0" * 64)


def test_a_sum_of_another_kind_is_refused():
    message = refusal(sentence_files.download_sst2, "https://mirror.example/SST-2.zip", "d41d8cd9")
    assert "64 hexadecimal digits" in message


@pytest.mark.parametrize(
    ("train", "expected"),
    [
        ("sentence\tlabel\nfine\t1\nno label\n", "train.tsv, line 3: the label must be 0 or 1, not ''"),
        ("sentence\tlabel\nfine\t2\n", "train.tsv, line 2: the label must be 0 or 1, not '2'"),
        ("sentence\tlabel\n \t1\nfine\t1\n", "train.tsv, line 2: there is no text"),
        ("fine\t1\n", "train.tsv, line 1: it must name the columns sentence and label, not 'fine\\t1'"),
        ("sentence\tlabel\n", "train.tsv holds no sentence"),
        ("", "train.tsv, line 1: it must name the columns"),
        (b"sentence\tlabel\nfine\t1\n\xff\t0\n", "train.tsv, line 3: this is not text in UTF-8"),
        (
            "sentence\tlabel\n" + "bad\tx\n" * 9,
            "train.tsv, line 2: the label must be 0 or 1, not 'x'; bad too: 3, 4, 5, 6, 7 (and 3 more)",
        ),
    ],
)
def test_bad_lines_of_sst2_are_named_by_their_numbers(tmp_path, train, expected):
    assert expected in refusal(sentence_files.sst2, written(tmp_path, "s.zip", zipped(train)))


def test_what_is_no_sst2_is_refused(tmp_path):
    assert "cannot read" in refusal(sentence_files.sst2, tmp_path / "none.zip")
    assert "neither a folder nor a whole zip" in refusal(
        sentence_files.sst2, written(tmp_path, "half.zip", zipped()[:300])
    )
    damaged = bytearray(zipped())
    damaged[damaged.index(b"SST-2/train.tsv") + 20] ^= 0xFF
    path = written(tmp_path, "damaged.zip", bytes(damaged))
    assert "neither a folder nor a whole zip" in refusal(sentence_files.sst2, path)
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("readme", "nothing")
    assert "holds no train.tsv" in refusal(sentence_files.sst2, tmp_path / "other.zip")
    assert "cannot read" in refusal(sentence_files.sst2, tmp_path)


ROWS = [(5, "great, and warm"), (3, "so so"), (1, 'a "dull" film'), (4.5, "über\nalles")]
FILES = {
    "r.csv": 'n,rating,text\n1,5,"great, and warm"\n2,3,so so\n\n3,1,"a ""dull"" film"\n4,4,"über\nalles"\n',
    "r.tsv": 'text\trating\ngreat, and warm\t5\nso so\t3\n"a ""dull"" film"\t1\n"über\nalles"\t4.5\n',
    "r.jsonl": "\n".join(json.dumps({"rating": rating, "text": text}) for rating, text in ROWS) + "\n",
    "R.JSONL": "\n".join(json.dumps({"rating": str(rating), "text": text}) for rating, text in ROWS) + "\n\n",
    "bom.csv": '\ufeffrating,text\r\n5,"great, and warm"\r\n1,"a ""dull"" film"\r\n4,"über\nalles"\r\n',
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_ratings_become_two_classes_and_the_middle_is_dropped(tmp_path, name):
    sentences = sentence_files.rated(written(tmp_path, name, FILES[name]))
    assert sentences.texts == ("great, and warm", 'a "dull" film', "über\nalles")
    assert sentences.labels.tolist() == [1, 0, 1]


def test_the_bounds_of_both_classes_can_be_chosen(tmp_path):
    path = written(tmp_path, "r.csv", "rating,text\n" + "".join(f"{n},t{n}\n" for n in range(11)))
    sentences = sentence_files.rated(path, negative_to=3, positive_from=8)
    assert sentences.texts == ("t0", "t1", "t2", "t3", "t8", "t9", "t10")
    assert sentences.labels.tolist() == [0] * 4 + [1] * 3
    with pytest.raises(ValueError, match="negative_to must be below positive_from, not 4 and 4"):
        sentence_files.rated(path, 4, 4)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("r.csv", "rating,text\n5,a\nfive,b\n", "r.csv, line 3: the rating 'five' is not a number"),
        ("r.csv", "rating,text\n5\n", "r.csv, line 2: there is no text"),
        ("r.csv", "rating,text\nnan,a\n", "line 2: the rating 'nan' is not a number"),
        ("r.csv", 'rating,text\n5,"two\nlines"\n,b\n', "line 4: the rating '' is not a number"),
        ("r.csv", "stars,text\n5,a\n", "r.csv, line 1: it must name a column 'rating'"),
        ("r.csv", "", "r.csv, line 1: it must name a column 'text'"),
        ("r.csv", "rating,text\n3,a\n", "r.csv holds no sentence"),
        ("r.csv", f"rating,text\n5,{'a' * 200_000}\n", "r.csv, line 2: field larger than field limit"),
        ("r.csv", b"rating,text\n5,a\n5,\xe9\n", "r.csv, line 3: this is not text in UTF-8"),
        ("r.tsv", "rating,text\n5,a\n", "r.tsv, line 1: it must name a column"),
        ("r.jsonl", '{"rating": 5, "text": "a"}\n{"rating": 5\n', "line 2: this is not an object of JSON"),
        ("r.jsonl", "[" * 100_000, "line 1: this is not an object of JSON"),
        ("r.jsonl", "7" * 10_000, "line 1: this is not an object of JSON"),
        ("r.jsonl", '{"rating": true, "text": "a"}', "line 1: the rating 'true' is not a number"),
        ("r.jsonl", '{"rating": NaN, "text": "a"}', "line 1: the rating 'nan' is not a number"),
        ("r.jsonl", '{"rating": 5, "text": ["a"]}', "line 1: there is no text"),
        ("r.jsonl", '{"text": "a"}\n{"text": "b"}', "line 1: the rating '' is not a number; bad too: 2"),
        ("r.txt", "5 a", "r.txt must end in .csv, .tsv, .jsonl"),
    ],
    ids=str,
)  # fmt: skip
def test_bad_files_are_refused_in_one_line_that_names_the_place(tmp_path, name, content, expected):
    assert expected in refusal(sentence_files.rated, written(tmp_path, name, content))


def test_a_file_that_is_not_there_is_named(tmp_path):
    assert "none.csv" in refusal(sentence_files.rated, tmp_path / "none.csv")
    (tmp_path / "folder.csv").mkdir()
    assert "cannot read" in refusal(sentence_files.rated, tmp_path / "folder.csv")
