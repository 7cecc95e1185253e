"""Data sets of text: sentences with classes, tables of texts, long texts whose next token is asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from chipsmith.errors import BadInput
from chipsmith.learn.data import CharactersData, SentencesData, Task, TextTableData
from chipsmith.learn.data.text import distinct, words
from chipsmith.learn.preprocessing import BytesTokeniser, CharactersTokeniser, SubwordsTokeniser

GOOD = [f"a fine film number {number}" for number in range(30)]
BAD = [f"a dull film number {number}" for number in range(30)]
SMALL = SubwordsTokeniser(vocabulary=64, lower=True)


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    (tmp_path / "rt-polarity.pos").write_text("\n".join([*GOOD, "A fine film, number 3!", "so so"]))
    (tmp_path / "rt-polarity.neg").write_text("\n".join([*BAD, "so so"]))
    return tmp_path


@pytest.fixture
def mails(tmp_path: Path) -> Path:
    lines = ["label,body", *(f"ham,hello friend {n}" for n in range(20)), *(f'spam,"win, win {n}"' for n in range(20))]
    (tmp_path / "mails.csv").write_text("\n".join(lines))
    return tmp_path / "mails.csv"


def mail_settings(path: Path, **changes: object) -> TextTableData:
    return TextTableData(**{"path": str(path), "text": "body", "length": 8, "tokeniser": SMALL, **changes})


def test_sentences_with_the_same_words_count_once_and_doubtful_ones_not_at_all():
    pairs = [("Good film!", "positive"), ("good film", "positive"), ("so so", "positive"), ("so so", "negative")]
    assert distinct(pairs) == [("Good film!", "positive")]


def test_words_are_small_letters_without_what_is_between():
    assert words("  It's -- GOOD, ok? ") == "it s good ok"


def test_no_sentence_is_in_two_parts(reviews):
    data = SentencesData(path=str(reviews), length=8, tokeniser=SMALL).load(seed=0)
    counts = [np.bincount(part.targets).tolist() for part in (data.train, data.validation, data.test)]
    assert counts == [[24, 24], [3, 3], [3, 3]]
    assert (data.class_names, data.input_shape, data.input_dtype) == (("negative", "positive"), (8,), "int32")
    parts = [{row.tobytes() for row in part.whole().inputs} for part in (data.train, data.validation, data.test)]
    assert sum(map(len, parts)) == len(set.union(*parts)) == 60


def test_tokens_are_those_of_the_raw_text(reviews):
    data = SentencesData(path=str(reviews), length=8, tokeniser=SMALL).load(seed=0)
    rows = {row.tobytes() for part in (data.train, data.validation, data.test) for row in part.whole().inputs}
    assert data.preprocessing.apply("A FINE film number 7").tobytes() in rows


def test_the_vocabulary_is_of_the_training_part(tmp_path):
    lines = ["label\ttext", *(f"{'xy'[n % 2]}\t{chr(0x4E00 + n)} word {n}" for n in range(60))]
    (tmp_path / "t.tsv").write_text("\n".join(lines))
    data = TextTableData(path=str(tmp_path / "t.tsv"), tokeniser=CharactersTokeniser(), length=4).load(seed=0)
    seen = {int(row[0]) for row in data.train.whole().inputs}
    assert 0 not in seen
    assert {int(row[0]) for row in data.test.whole().inputs} == {0}
    assert len(seen) == len(data.train)


def write_sst2(folder: Path, **parts: list[str]) -> None:
    for part in ("train", "dev", "test"):
        (folder / f"sst2_{part}.tsv").write_text("\n".join(parts[part]))


def test_sst2_keeps_its_parts_without_sentences_that_a_later_one_has(tmp_path):
    train = [f"fine film {n}\t1" for n in range(10)] + [f"dull film {n}\t0" for n in range(10)]
    write_sst2(tmp_path, train=train, dev=["Fine film 1 .\t1", "bad\t0"], test=["fine film 2\t1", "dull film 2\t0"])
    data = SentencesData(path=str(tmp_path), corpus="sst2", length=8, tokeniser=SMALL).load(seed=0)
    assert [len(part) for part in (data.train, data.validation, data.test)] == [17, 2, 2]


def test_a_foreign_line_of_sst2_is_named(tmp_path):
    write_sst2(tmp_path, train=["fine\t1", "dull 0"], dev=["a\t1"], test=["b\t0"])
    with pytest.raises(BadInput, match=r"sst2_train\.tsv, row 2: a text, a tab and 0 or 1"):
        SentencesData(path=str(tmp_path), corpus="sst2").load(seed=0)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BadInput, match=r"there is no file or folder .*rt-polarity\.neg"):
        SentencesData(path=str(tmp_path)).load(seed=0)


def test_a_table_of_texts(mails):
    data = mail_settings(mails).load(seed=0)
    assert (data.class_names, data.task) == (("ham", "spam"), Task.CLASSIFICATION)
    assert [len(part) for part in (data.train, data.validation, data.test)] == [28, 4, 8]


def test_a_cell_may_hold_lines_and_other_ends_of_lines(tmp_path):
    rows = [f'{"xy"[n % 2]},"first {n}\nsecond\u2028 third\x0c"' for n in range(20)]
    (tmp_path / "m.csv").write_text("label,text\n" + "\r\n".join(rows), newline="")
    data = TextTableData(path=str(tmp_path / "m.csv"), tokeniser=BytesTokeniser(), length=32).load(seed=0)
    assert len(data.train) + len(data.validation) + len(data.test) == 20
    assert "\nsecond\u2028 third" in data.preprocessing.reader.decode(data.train.first(1).whole().inputs[0])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("label,text\nham,hello\n", r"m\.csv has no column body; it has label, text"),
        ("label,body\nham,hello\nspam\n", r"m\.csv, row 3: 1 cells where the first row names 2 columns"),
        ("label,body\nham,hello\n,win\n", r"m\.csv, row 3: the label is empty"),
        ("label,body\nham,\n", r"m\.csv, row 2: the text is empty"),
        ("label,body\nham," + "x" * 200_000, r"m\.csv is no table of cells between ','"),
        ("label,body\n", r"m\.csv has no rows"),
        ("", r"m\.csv has no column body, label; it has none"),
        ("label,body\nham,a\nham,b\n", r"m\.csv has one class alone \(ham\)"),
        ("label,body\nham,a\nham,b\nham,c\nspam,d\n", r"m\.csv: a class needs 3 examples or more.*spam \(1\)"),
        ("label,body,body\nham,a,a\n", r"m\.csv: two columns have the same name"),
    ],
)
def test_a_faulty_table_is_refused(tmp_path, text, message):
    (tmp_path / "m.csv").write_text(text)
    with pytest.raises(BadInput, match=message):
        TextTableData(path=str(tmp_path / "m.csv"), text="body").load(seed=0)


def test_a_label_that_is_no_class_is_refused(mails):
    with pytest.raises(BadInput, match=r"mails\.csv, row 22: label 'spam' is none of the classes ham, news"):
        mail_settings(mails, classes=("ham", "news")).load(seed=0)


def test_a_text_of_another_encoding_is_refused(tmp_path):
    (tmp_path / "m.csv").write_bytes("label,text\nham,grüße\n".encode("latin-1"))
    with pytest.raises(BadInput, match=r"m\.csv is no text in UTF-8 \(byte 17 is 0xfc\)"):
        TextTableData(path=str(tmp_path / "m.csv")).load(seed=0)


@pytest.fixture
def book(tmp_path: Path) -> Path:
    (tmp_path / "book.txt").write_text("abcdefghij" * 100)
    return tmp_path / "book.txt"


def test_a_book_is_read_in_three_stretches(book):
    data = CharactersData(path=str(book), length=10).load(seed=0)
    assert (data.task, data.input_shape, data.outputs, data.vocabulary_size) == (Task.LANGUAGE, (10,), 11, 11)
    assert [len(part) for part in (data.train, data.validation, data.test)] == [158, 9, 9]
    batch = data.train.first(1).whole()
    text = data.preprocessing.reader.decode(batch.inputs[0])
    assert text in "abcdefghij" * 2
    assert data.preprocessing.reader.decode(batch.targets[0])[:-1] == text[1:]


def test_test_windows_do_not_overlap(book):
    data = CharactersData(path=str(book), length=10).load(seed=0)
    assert np.diff(data.test.starts).tolist() == [10] * 8


def test_the_seed_mixes_the_training_windows(book):
    first, again, other = (CharactersData(path=str(book), length=7).load(seed=seed).train for seed in (0, 0, 1))
    assert np.array_equal(first.whole().inputs, again.whole().inputs)
    assert not np.array_equal(first.whole().inputs, other.whole().inputs)


def test_a_text_too_short_for_a_window_is_refused(tmp_path):
    (tmp_path / "note.txt").write_text("too short a text")
    with pytest.raises(BadInput, match=r"note\.txt is too short: a part of 12 tokens has no window of 64"):
        CharactersData(path=str(tmp_path / "note.txt")).load(seed=0)


@pytest.mark.parametrize(
    "tokeniser",
    [
        BytesTokeniser(),
        CharactersTokeniser(),
        SubwordsTokeniser(vocabulary=80, keep_spaces=True),
        SubwordsTokeniser(vocabulary=80, keep_spaces=True, model="unigram"),
    ],
)
def test_a_text_comes_back_whole(tokeniser):
    text = "to be, or not to be: that is the question"
    reader = tokeniser.fit([text] * 3, length=16)
    again = type(reader).model_validate_json(reader.model_dump_json())
    assert again.decode(again.encode(text)) == text
    assert max(again.encode(text)) < again.vocabulary_size == len(again.symbols)
    assert reader.read(text).shape == (16,)


def test_short_texts_are_padded_and_unknown_characters_are_token_0():
    reader = CharactersTokeniser().fit(["abc"], length=5)
    assert reader.read("cbz").tolist() == [3, 2, 0, 0, 0]


def test_bytes_hold_any_text():
    reader = BytesTokeniser().fit([], length=4)
    assert (reader.vocabulary_size, reader.decode(reader.encode("Übung ☃"))) == (257, "Übung ☃")


def test_an_empty_text_is_refused():
    with pytest.raises(BadInput, match="a text of one or more characters"):
        BytesTokeniser().fit([], length=4).read("")


def test_reviews_of_films(shared_data):
    data = SentencesData(path=str(shared_data / "rt_polarity_sst2")).load(seed=0)
    assert [len(part) for part in (data.train, data.validation, data.test)] == [8_528, 1_066, 1_066]
    assert data.vocabulary_size == 4_096


def test_shakespeare(shared_data):
    data = CharactersData(path=str(shared_data / "tiny_shakespeare" / "input.txt")).load(seed=0)
    assert data.outputs == 66
    assert data.train.first(2).whole().inputs.min() > 0
