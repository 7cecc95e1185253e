"""What is seen in data before they are trained on; the counts are those of how the data were drawn here."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from chipsmith.data_report import DataReport, FindingKind, Severity
from chipsmith.errors import BadInput
from chipsmith.learn import Recipe
from chipsmith.learn.inspection import inspect_data, inspect_recipe, load_inspected
from chipsmith.learn.recipe import read_recipe

NETWORKS = {"table": {"kind": "mlp", "hidden": [4]}, "series_table": {"kind": "gru", "hidden": 4}}


def recipe(kind: str, path: Path, *, accept: Sequence[str] = (), **fields) -> Recipe:
    sections = {
        "name": "own",
        "task": fields.get("task", "classification"),
        "data": {"kind": kind, "path": str(path), **fields},
        "network": NETWORKS.get(kind, {"kind": "cnn", "channels": [4]}),
        "training": {"epochs": 1},
    }
    return read_recipe({**sections, "accept": list(accept)}, origin="own")


def write_rows(file: Path, head: str, rows: Sequence[str]) -> Path:
    file.write_text("\n".join([head, *rows]))
    return file


def kinds(report: DataReport, severity: Severity) -> list[FindingKind]:
    return [finding.kind for finding in report.of(severity)]


def only(report: DataReport, kind: FindingKind):
    (finding,) = [finding for finding in report.findings if finding.kind is kind]
    return finding


def write_image(file: Path, pixels: np.ndarray) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(file)


@pytest.fixture
def birds(tmp_path: Path) -> Path:
    """Crows and swans, 30 different images each."""
    generator = np.random.default_rng(0)
    for name in ("crow", "swan"):
        for number in range(30):
            write_image(tmp_path / "birds" / name / f"{number}.png", generator.integers(0, 256, (8, 8, 3), np.uint8))
    return tmp_path / "birds"


def images(path: Path, **fields) -> Recipe:
    return recipe("image_folder", path, **fields)


def test_nothing_is_said_against_clean_data(birds):
    report = inspect_recipe(images(birds))
    assert report.findings == ()
    assert [(part.examples, part.by_class) for part in report.parts] == [(42, (21, 21)), (6, (3, 3)), (12, (6, 6))]
    assert [(trait.name, trait.words) for trait in report.traits] == [
        ("size", (("8 x 8", 60),)),
        ("colours", (("RGB", 60),)),
        ("format", (("PNG", 60),)),
    ]
    assert report.obtained == "counted on all 60 examples, each decoded"


def test_a_table_of_two_different_rows_is_refused_and_accepted_by_name(tmp_path):
    file = write_rows(tmp_path / "two.csv", "a,b,kind", [("1,2,x", "3,4,y")[number % 2] for number in range(600)])
    with pytest.raises(BadInput, match=r"60 of 60 validation examples \(100.0 %\).*accept=\[leakage\]"):
        load_inspected(recipe("table", file, target="kind"))
    report = load_inspected(recipe("table", file, target="kind", accept=["leakage"])).report
    assert not report.errors
    assert [part.repeated for part in report.parts] == [418, 58, 118]
    assert [part.seen_before for part in report.parts] == [0, 60, 120]
    assert "2 different inputs in all" in only(report, FindingKind.DUPLICATES).message


def test_an_image_in_another_format_is_the_same_example(birds):
    """Other bytes, the same pixels: the loader keeps both, and the look sees it."""
    for number in range(30):
        Image.open(birds / "crow" / f"{number}.png").save(birds / "crow" / f"copy{number}.bmp")
    report = inspect_recipe(images(birds))
    train, validation, test = report.parts
    assert (train.repeated + validation.repeated + test.repeated) > 0
    pairs = sum(part.repeated + part.seen_before for part in report.parts)
    assert pairs == 30
    leakage = [finding for finding in report.findings if finding.kind is FindingKind.LEAKAGE]
    assert all(" = crow/" in example for finding in leakage for example in finding.examples)


def test_a_file_in_two_classes_is_in_none_and_said(birds):
    (birds / "swan" / "black.png").write_bytes((birds / "crow" / "7.png").read_bytes())
    report = inspect_recipe(images(birds))
    assert report.examples == 59
    conflict = only(report, FindingKind.LABEL_CONFLICT)
    assert (conflict.severity, conflict.count) == (Severity.WARNING, 2)
    assert conflict.examples == ("crow/7.png = swan/black.png",)


def test_the_same_pixels_under_two_classes_bound_what_any_network_can_get_right(birds):
    for number in range(6):
        Image.open(birds / "crow" / f"{number}.png").save(birds / "swan" / f"crow{number}.bmp")
    conflict = only(inspect_recipe(images(birds)), FindingKind.LABEL_CONFLICT)
    assert conflict.count == 12
    assert f"more than {np.floor(1000 * 60 / 66) / 10:.1f} % of all" in conflict.message


@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_a_broken_file_of_any_part_is_named_before_anything_is_trained(birds, part):
    asked = images(birds)
    undecoded = asked.data.open(seed=0)
    broken = [undecoded.origin.name_item(int(item)) for item in getattr(undecoded.origin.split, part)[-2:]]
    for name in broken:
        (birds / name).write_bytes((birds / name).read_bytes()[:70])
    with pytest.raises(
        BadInput, match=r"no image that can be read .*\(and 1 more of 60 cannot be read\); mend or remove"
    ):
        load_inspected(asked)
    report = inspect_recipe(asked)
    assert kinds(report, Severity.ERROR) == [FindingKind.UNREADABLE]
    assert all(any(name in example for example in report.errors[0].examples) for name in broken)


def test_blank_images_are_named(birds):
    write_image(birds / "crow" / "night.png", np.zeros((8, 8, 3), np.uint8))
    blank = only(inspect_recipe(images(birds)), FindingKind.BLANK)
    assert blank.count == 1
    assert blank.examples[0].startswith("crow/night.png")


def test_images_of_several_sizes_are_counted(birds):
    write_image(birds / "crow" / "large.png", np.full((16, 12), 7, np.uint8) + np.arange(12, dtype=np.uint8))
    mixed = [finding.message for finding in inspect_recipe(images(birds, size=[8, 8])).of(Severity.NOTE)]
    assert any("files differ in size: 8 x 8 (60), 12 x 16 (1)" in message for message in mixed)
    assert any("files differ in colours: RGB (60), L (1)" in message for message in mixed)


def test_columns_that_say_nothing_and_ranges_in_their_own_units(tmp_path):
    generator = np.random.default_rng(0)
    rows = [f"{number},5,{generator.normal():.6f},{'ab'[number % 2]}" for number in range(100)]
    report = inspect_recipe(recipe("table", write_rows(tmp_path / "t.csv", "n,five,x,kind", rows), target="kind"))
    assert only(report, FindingKind.CONSTANT).examples == ("five",)
    number, five, _ = report.ranges
    assert (number.name, number.lowest, number.mean, number.highest, number.distinct) == ("n", 0, 49.5, 99, 100)
    assert (five.lowest, five.highest, five.distinct) == (5, 5, 1)


def test_targets_of_a_regression_have_their_range(tmp_path):
    rows = [f"{number},{1000 + 10 * number}" for number in range(60)]
    file = write_rows(tmp_path / "t.csv", "size,price", rows)
    report = inspect_recipe(recipe("table", file, target="price", task="regression"))
    price = report.ranges[-1]
    assert price.name == "price (target)"
    assert (price.lowest, price.highest) == pytest.approx((1000, 1590), rel=1e-5)


def test_rare_and_missing_classes_are_told(tmp_path):
    """Whole groups are held out, and group 3 alone has class c."""
    rows = [
        f"{number},{number % 10},{'c' if number % 10 == 3 else 'a' if number % 20 else 'b'}" for number in range(400)
    ]
    file = write_rows(tmp_path / "t.csv", "x,group,kind", rows)
    report = inspect_recipe(recipe("table", file, target="kind", group="group"))
    missing = [finding for finding in report.findings if finding.kind is FindingKind.MISSING_CLASS]
    parts = [part.name for part in report.parts for count in part.by_class if count == 0]
    assert [finding.message.split()[1] for finding in missing] == list(dict.fromkeys(parts))
    assert sum(sum(part.by_class) for part in report.parts) == 400


def test_a_class_with_a_tenth_of_anothers_examples_is_rare(tmp_path):
    rows = [f"{number},{'rare' if number % 20 == 0 else 'common'}" for number in range(400)]
    report = inspect_recipe(recipe("table", write_rows(tmp_path / "t.csv", "x,kind", rows), target="kind"))
    imbalance = only(report, FindingKind.IMBALANCE)
    assert imbalance.examples == ("rare",)
    assert "right on 95.0 % of the test part" in imbalance.message


def test_rows_that_cannot_be_read_are_all_named(tmp_path):
    rows = [f"{number},{'ab'[number % 2]}" for number in range(50)] + [",a", "x,b", "nan,a"]
    report = inspect_recipe(recipe("table", write_rows(tmp_path / "t.csv", "x,kind", rows), target="kind"))
    assert [example.partition(", ")[2] for example in report.errors[0].examples] == [
        "row 52: column x: '' is no number",
        "row 53: column x: 'x' is no number",
        "row 54: column x: 'nan' is no finite number",
    ]


def test_series_say_how_long_they_are(tmp_path):
    rows = [
        ",".join([*map(str, range(number, number + 3 + number % 2)), *[""] * (1 - number % 2), "ab"[number % 2]])
        for number in range(60)
    ]
    file = write_rows(tmp_path / "s.csv", "t0,t1,t2,t3,kind", rows)
    report = inspect_recipe(recipe("series_table", file, target="kind", length=3))
    (steps,) = report.traits
    assert (steps.lowest, steps.median, steps.highest) == (3, 3.5, 4)
    assert only(report, FindingKind.CUT).count == 30


def write_sound(file: Path, samples: np.ndarray, rate_hz: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(file), "wb") as opened:
        opened.setnchannels(1)
        opened.setsampwidth(2)
        opened.setframerate(rate_hz)
        opened.writeframes((samples * 32767).astype("<i2").tobytes())


def test_sounds_say_their_rates_and_what_is_cut(tmp_path):
    generator = np.random.default_rng(0)
    for name, rate_hz in (("low", 8000), ("high", 16000)):
        for number in range(10):
            write_sound(tmp_path / "s" / name / f"{number}.wav", generator.uniform(-1, 1, rate_hz * 2), rate_hz)
    write_sound(tmp_path / "s" / "low" / "silence.wav", np.zeros(8000), 8000)
    report = inspect_recipe(recipe("sound_folder", tmp_path / "s"))
    traits = {trait.name: trait for trait in report.traits}
    assert traits["sample rate"].words == (("8,000 Hz", 11), ("16,000 Hz", 10))
    assert (traits["seconds"].lowest, traits["seconds"].highest) == (1, 2)
    assert only(report, FindingKind.CUT).count == 20
    assert only(report, FindingKind.BLANK).examples[0].startswith("low/silence.wav")


def test_texts_say_what_was_left_out_and_what_is_cut(tmp_path):
    words = [f"word{number} and more of it" for number in range(40)]
    rows = [f"{text},{'ab'[number % 2]}" for number, text in enumerate(words)]
    rows += ["Word1 and more - of it!,b", "word2 and more of it,b"]
    file = write_rows(tmp_path / "t.csv", "text,label", rows)
    report = inspect_recipe(recipe("text_table", file, length=12, tokeniser={"kind": "bytes"}))
    assert report.examples == 39
    assert only(report, FindingKind.OMITTED).count == 1
    conflict = only(report, FindingKind.LABEL_CONFLICT)
    assert conflict.examples == ("'word2 and more of it' (a) = 'word2 and more of it' (b)",)
    assert sum(finding.count for finding in report.findings if finding.kind is FindingKind.CUT) == 39


def test_a_data_set_of_ones_own_is_looked_at_too(toy):
    from chipsmith.learn import Task

    report = inspect_data(toy(Task.CLASSIFICATION))
    assert report.examples == 80
    assert [part.examples for part in report.parts] == [48, 16, 16]
    assert not report.errors
