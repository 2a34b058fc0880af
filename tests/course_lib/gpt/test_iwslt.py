"""Files of real translations: read by path, downloaded with a sum, and refused with the name of the place."""

import functools
import hashlib
import io
import tarfile
import zipfile

import pytest

from course_lib.errors import UserError
from course_lib.gpt import iwslt
from course_lib.gpt.batches import collate
from course_lib.gpt.corpus import corpus
from course_lib.gpt.vocabulary import Vocabulary

TRAIN = {
    "de": "<url>http://www.ted.com/talks/1</url>\n<keywords>talks</keywords>\n<title>Über Hunde</title>\n"
    "Der Hund\u2028bellt .\n\nEr sieht < 3 Katzen.\r\n<reviewer>Eine Person</reviewer>\n Ja. \n",
    "en": "<url>http://www.ted.com/talks/1</url>\n<keywords>talks</keywords>\n<title>On dogs</title>\n"
    "The dog\u2028barks .\nOnly English.\r\nHe sees < 3 cats.\nYes.\n",
}
SPOKEN = (("Der Hund\u2028bellt .", "The dog\u2028barks ."), ("Er sieht < 3 Katzen.", "He sees < 3 cats."),
          ("Ja.", "Yes."))  # fmt: skip
XML = '<?xml version="1.0"?>\n<mteval>\n<{side}set setid="iwslt">\n{talks}</{side}set></mteval>\n'
TALK = '<doc docid="{}" genre="lectures">\n<title>Hunde</title>\n{}</doc>\n'
TALKS = {
    "de": [["Salz &amp; Brot.", "Danke\nsehr."], ["Ein &lt;Hund&gt;."]],
    "en": [["Salt &amp; bread.", "Thank you."], ["A &lt;dog&gt;."]],
}
TESTED = (("Salz & Brot.", "Salt & bread."), ("Danke sehr.", "Thank you."), ("Ein <Hund>.", "A <dog>."))


def xml(language, talks=TALKS, first=1):
    text = "".join(
        TALK.format(
            number,
            "".join(f'<seg id="{place}"> {each} </seg>\n' for place, each in enumerate(sentences, first)),
        )
        for number, sentences in enumerate(talks[language])
    )
    return XML.format(side="src" if language == "de" else "ref", talks=text)


def distributed(**changed) -> dict[str, bytes]:
    """The files of a small IWSLT by name; `changed` replaces one or, by None, leaves it out."""
    files = {}
    for language in ("de", "en"):
        files[f"train.tags.de-en.{language}"] = TRAIN[language]
        files[f"IWSLT14.TED.dev2010.de-en.{language}.xml"] = xml(language)
        files[f"IWSLT14.TEDX.dev2012.de-en.{language}.xml"] = xml(language)
        files[f"train.tags.en-fr.{language}"] = "another pair of languages"
    short = {"train": "train.tags.de-en", "dev": "IWSLT14.TED.dev2010.de-en"}
    for key, content in changed.items():
        part, language = key.split("_")
        name = f"{short[part]}.{language}{'' if part == 'train' else '.xml'}"
        files[name] = content
    return {
        name: content if isinstance(content, bytes) else content.encode()
        for name, content in files.items()
        if content is not None
    }


def zipped(files):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(f"de-en/old/{name}", "a file of the same name, further down")
            archive.writestr(f"de-en/{name}", data)
            archive.writestr(f"de-en/._{name}", b"what a Mac adds \xff")
    return content.getvalue()


def tarred(files, mode="w:gz"):
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode=mode) as archive:
        archive.addfile(folder := tarfile.TarInfo("de-en"))
        folder.type = tarfile.DIRTYPE
        for name, data in files.items():
            member = tarfile.TarInfo(f"de-en/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return content.getvalue()


def foldered(folder, files):
    folder.mkdir()
    for name, data in files.items():
        written(folder, name, data)
    return folder


def written(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refusal(call, *arguments) -> str:
    with pytest.raises(UserError) as caught:
        call(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("kind", ["folder", "zip", "tgz", "tar"])
def test_the_same_pairs_are_read_from_a_folder_and_from_archives(tmp_path, kind):
    files = distributed()
    if kind == "folder":
        path = foldered(tmp_path / "de-en", files)
    else:
        make = zipped if kind == "zip" else functools.partial(tarred, mode="w:gz" if kind == "tgz" else "w")
        path = written(tmp_path, f"de-en.{kind}", make(files))
    assert iwslt.iwslt(path) == {"train": SPOKEN, "dev2010": TESTED, "TEDX.dev2012": TESTED}


def test_pairs_go_through_the_pipeline_of_the_generated_ones(tmp_path):
    pairs = iwslt.iwslt(foldered(tmp_path / "de-en", distributed()))["train"]
    generated = corpus(4, 2).train
    assert (type(pairs), type(pairs[0]), type(pairs[0][0])) == (tuple, tuple, str)
    assert (type(generated), type(generated[0]), type(generated[0][0])) == (tuple, tuple, str)
    vocabulary = Vocabulary.of(pairs, most=30)
    tokens, targets = collate(vocabulary.token_pairs(pairs), vocabulary.ids, 16)
    assert tokens.shape == targets.shape == (3, 16)
    assert [vocabulary.words[each] for each in targets[2][targets[2] >= 0]] == ["yes", ".", "</s>"]


def test_an_archive_is_downloaded_once_and_kept_under_the_right_sum(mirror, tmp_path):
    folder, address = mirror
    content = tarred(distributed())
    written(folder, "de-en.tgz", content)
    digest = hashlib.sha256(content).hexdigest()
    path = iwslt.download_iwslt(f"{address}de-en.tgz", digest, tmp_path / "kept")
    assert iwslt.iwslt(path)["train"] == SPOKEN
    (folder / "de-en.tgz").unlink()
    assert iwslt.download_iwslt(f"{address}de-en.tgz", digest.upper(), tmp_path / "kept") == path


def test_a_wrong_sum_is_refused_and_nothing_is_kept(mirror, tmp_path):
    folder, address = mirror
    written(folder, "de-en.tgz", tarred(distributed()))
    message = refusal(iwslt.download_iwslt, f"{address}de-en.tgz", "0" * 64, tmp_path / "kept")
    assert "wrong SHA256 sum" in message
    assert "the generated sentences" in message
    assert [path for path in (tmp_path / "kept").rglob("*") if path.is_file()] == []


def test_a_mirror_without_the_file_an_address_without_one_and_a_sum_of_another_kind_are_refused(mirror):
    folder, address = mirror
    assert "HTTP 404" in refusal(iwslt.download_iwslt, f"{address}none.tgz", "0" * 64, folder)
    assert "a mirror's address" in refusal(iwslt.download_iwslt, "de-en.tgz", "0" * 64)
    assert "64 hexadecimal digits" in refusal(iwslt.download_iwslt, f"{address}de-en.tgz", "d41d8cd9")


LONGER = {"de": [["Salz.", "Danke."]], "en": [["Salt."]]}
ORDER = "IWSLT14.TED.dev2010.de-en.de.xml: sentence 1 has id 1, and 2 in IWSLT14.TED.dev2010.de-en.en.xml"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"train_de": None}, "de-en holds no train.tags.de-en.de, unlike IWSLT's folder de-en"),
        ({"train_en": None}, "de-en holds no train.tags.de-en.en"),
        ({"dev_en": None}, "de-en holds no IWSLT14.TED.dev2010.de-en.en.xml"),
        ({"dev_de": None}, "de-en holds no IWSLT14.TED.dev2010.de-en.de.xml"),
        ({"train_de": ""}, "train.tags.de-en.de has 0 sentences and train.tags.de-en.en 4"),
        ({"train_de": "Ja.\n"}, "train.tags.de-en.de has 1 sentences and train.tags.de-en.en 4: each must"),
        ({"train_de": "", "train_en": ""}, "train.tags.de-en.de: there is no pair of sentences"),
        ({"train_de": TRAIN["de"].encode("latin-1", "replace")}, "train.tags.de-en.de, line 3: this is not"),
        ({"train_en": "Yes.\n".encode("utf-16")}, "train.tags.de-en.en, line 1: this is not text in UTF-8"),
        ({"dev_de": xml("de", LONGER), "dev_en": xml("en", LONGER)}, "dev2010.de-en.de.xml has 2 sentences"),
        ({"dev_en": xml("en", first=2)}, ORDER),
        ({"dev_de": "<mteval>", "dev_en": "<mteval>"}, "dev2010.de-en.de.xml: there is no pair"),
        ({"dev_de": b"<seg \xe9"}, "IWSLT14.TED.dev2010.de-en.de.xml, line 1: this is not text in UTF-8"),
    ],
)
def test_what_does_not_fit_together_is_named(tmp_path, changed, expected):
    assert expected in refusal(iwslt.iwslt, foldered(tmp_path / "de-en", distributed(**changed)))


def test_a_corpus_without_anything_to_test_with_is_refused(tmp_path):
    only = {f"train.tags.de-en.{language}": TRAIN[language] for language in TRAIN}
    assert "holds no IWSLT*.TED.*.de-en.de.xml" in refusal(iwslt.iwslt, foldered(tmp_path / "de-en", only))


def test_what_is_no_folder_and_no_whole_archive_is_refused(tmp_path):
    assert "cannot read" in refusal(iwslt.iwslt, tmp_path / "none.tgz")
    whole, pressed = zipped(distributed()), tarred(distributed())
    damaged = bytearray(whole)
    damaged[damaged.index(b"de-en/train.tags.de-en.de") + 30] ^= 0xFF
    for name, content in {
        "empty.tgz": b"", "text.zip": b"not an archive", "damaged.zip": bytes(damaged),
        "half.zip": whole[:900], "half.tgz": pressed[:400],
    }.items():  # fmt: skip
        message = refusal(iwslt.iwslt, written(tmp_path, name, content))
        assert message.startswith(f"{name} is neither a folder nor a whole zip or tgz file"), message
    half = written(tmp_path, "half.tar", tarred(distributed(), "w")[:1600])  # which no sum protects
    assert "half.tar holds no" in refusal(iwslt.iwslt, half)
    other = written(tmp_path, "other.tgz", tarred({"readme": b"nothing"}))
    assert "other.tgz holds no train.tags.de-en.de" in refusal(iwslt.iwslt, other)


@pytest.mark.parametrize(
    "content", ["Ja.\tYes.\n\nDer Hund.\t The dog.\n", "\ufeffJa.\tYes.\r\nDer Hund.\tThe dog."]
)
def test_columns_are_read_without_empty_lines(tmp_path, content):
    pairs = iwslt.columns(written(tmp_path, "p.tsv", content))
    assert pairs == (("Ja.", "Yes."), ("Der Hund.", "The dog."))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("Ja.\tYes.\nNein.\n", "p.tsv, line 2: there must be German, one tab and English, not 1 columns"),
        ("Ja.\tYes.\tCC-BY\n", "p.tsv, line 1: there must be German, one tab and English, not 3 columns"),
        ("Ja.\tYes.\n\n\tNo.\n", "p.tsv, line 3: there is no German sentence"),
        (
            "Ja.\t \n" + "bad\n" * 8,
            "line 1: there is no English sentence; bad too: 2, 3, 4, 5, 6 (and 3 more)",
        ),
        ("", "p.tsv: there is no pair of sentences to learn from"),
        (b"Ja.\tYes.\nSch\xf6n.\tNice.\n", "p.tsv, line 2: this is not text in UTF-8"),
    ],
)
def test_bad_columns_are_named_by_their_lines(tmp_path, content, expected):
    assert expected in refusal(iwslt.columns, written(tmp_path, "p.tsv", content))


def test_two_files_are_read_line_by_line(tmp_path):
    german = written(tmp_path, "a.de", "Ja.\n\nDer\x85 Hund.\n")
    english = written(tmp_path, "a.en", "Yes.\r\n\r\nThe dog.\r\n")
    assert iwslt.two_files(german, english) == (("Ja.", "Yes."), ("Der\x85 Hund.", "The dog."))


@pytest.mark.parametrize(
    ("german", "english", "expected"),
    [
        ("Ja.\nNein.\n", "Yes.\n", "a.de has 2 sentences and a.en 1: each must be the translation"),
        ("Ja.\n\nSo.\n", "Yes.\nNo.\nSo.\n", "a.de and a.en, line 2: there is no German sentence"),
        ("Ja.\nSo.\n", "Yes.\n  \n So.", "a.de has 2 sentences and a.en 3"),
        ("", "", "a.de and a.en: there is no pair of sentences"),
        ("Ja.\n", b"Caf\xe9\n", "a.en, line 1: this is not text in UTF-8"),
    ],
)
def test_two_files_that_do_not_fit_are_refused(tmp_path, german, english, expected):
    files = written(tmp_path, "a.de", german), written(tmp_path, "a.en", english)
    assert expected in refusal(iwslt.two_files, *files)


def test_files_of_sentences_that_are_not_there_are_named(tmp_path):
    assert "none.tsv" in refusal(iwslt.columns, tmp_path / "none.tsv")
    assert "none.en" in refusal(iwslt.two_files, written(tmp_path, "a.de", "Ja."), tmp_path / "none.en")
    assert "cannot read" in refusal(iwslt.columns, tmp_path)
