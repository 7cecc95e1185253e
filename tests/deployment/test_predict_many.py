"""Folders, lists of files, arrays and tables through a Program: judged where labels are known, skipped where unread."""

from __future__ import annotations

import csv
import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import chipsmith
from chipsmith import cli
from chipsmith.chip import load_chip
from chipsmith.compiler.network import compile_network
from chipsmith.deployment.deployment import Deployment
from chipsmith.errors import BadInput
from chipsmith.frontends.pytorch.network import lower_module
from chipsmith.learn.data import Dataset, ImageFolderData, TableData
from chipsmith.learn.data.section import DataSection
from chipsmith.learn.likeness import fit_likeness
from chipsmith.program.file import write_program
from chipsmith.program.program import Program


def deployed(module: torch.nn.Module, section: DataSection) -> Program:
    """The module, as it is, on nano-64, as a run leaves it."""
    data: Dataset = section.load(seed=0)
    example = (torch.zeros(1, *data.input_shape),)
    lowered = lower_module(module.eval(), example, (data.train.first(16).whole().inputs,), name=data.name)
    program = compile_network(lowered.graph, load_chip("nano-64"))
    likeness = fit_likeness(data, protects_training=False)
    deployment = Deployment.of(data, lowered, likeness=likeness, columns=section.table_columns)
    manifest = dataclasses.replace(program.manifest, deployment=deployment.model_dump_json())
    return dataclasses.replace(program, manifest=manifest)


@pytest.fixture(scope="module")
def birds(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("birds")
    generator = np.random.default_rng(0)
    for kind, shade in (("crow", 20), ("swan", 140)):
        (folder / kind).mkdir()
        for number in range(150):
            grey = generator.integers(0, 60, (4, 4), np.uint8) + np.uint8(shade)
            Image.fromarray(np.stack([grey] * 3, axis=2)).save(folder / kind / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def program(birds) -> Program:
    """Brightness tells crows from swans."""
    linear = torch.nn.Linear(48, 2)
    with torch.no_grad():
        linear.weight.copy_(torch.tensor([[-0.1] * 48, [0.1] * 48]))
        linear.bias.zero_()
    return deployed(torch.nn.Sequential(torch.nn.Flatten(), linear), ImageFolderData(path=str(birds)))


@pytest.fixture
def mixed(birds, tmp_path) -> Path:
    """Two crows and a swan in folders of their names, a swan among the crows, a file that is no image, one without a
    class."""
    for name, source in (
        ("crow/1.png", "crow/1.png"),
        ("crow/deeper/2.png", "crow/2.png"),
        ("crow/wrong.png", "swan/9.png"),
        ("swan/1.png", "swan/1.png"),
        ("new/3.png", "crow/3.png"),
    ):
        (tmp_path / "mixed" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "mixed" / name).write_bytes((birds / source).read_bytes())
    (tmp_path / "mixed" / "swan" / "broken.png").write_bytes(b"no image")
    (tmp_path / "mixed" / "swan" / ".hidden.png").write_bytes(b"no image")
    (tmp_path / "mixed" / "notes.txt").write_text("not for this network")
    return tmp_path / "mixed"


def test_a_folder_is_judged_by_the_names_of_its_folders(program, mixed):
    result = chipsmith.predict(program, [mixed])
    assert [Path(each.input).relative_to(mixed).as_posix() for each in result.predictions] == [
        "crow/1.png",
        "crow/wrong.png",
        "crow/deeper/2.png",
        "new/3.png",
        "swan/1.png",
    ]
    assert result.metrics["accuracy"].value == 3 / 4
    assert (result.metrics["accuracy"].low, result.metrics["accuracy"].high) == pytest.approx((0.194, 0.994), abs=1e-3)
    assert [Path(wrong.input).name for wrong in result.wrong] == ["wrong.png"]
    assert result.confused == (("crow", "swan", 1),)
    assert [Path(skipped.name).name for skipped in result.skipped] == ["broken.png"]
    assert "is no image of a known format" in result.skipped[0].reason


def test_a_file_that_is_named_itself_is_not_skipped(program, mixed):
    with pytest.raises(BadInput, match=r"broken\.png is no image of a known format"):
        chipsmith.predict(program, [mixed / "swan" / "broken.png"])


def test_a_folder_of_nothing_is_refused(program, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match=r"empty has no files that this network reads \(\.bmp, "):
        chipsmith.predict(program, [tmp_path / "empty"])


def test_a_folder_in_which_nothing_can_be_read_is_refused(program, tmp_path):
    (tmp_path / "x.png").write_bytes(b"nothing")
    with pytest.raises(BadInput, match=r"none of 1 files can be read; the first: .*x\.png is no image"):
        chipsmith.predict(program, [tmp_path])


def test_a_list_of_files_has_their_labels(program, mixed, tmp_path):
    (tmp_path / "list.csv").write_text("file,label\nmixed/crow/1.png,crow\nmixed/swan/1.png,crow\n")
    result = chipsmith.predict(program, tmp_path / "list.csv")
    assert [each.right for each in result.predictions] == [True, False]
    (tmp_path / "bad.csv").write_text("file,label\nmixed/crow/7.png,crow\n")
    with pytest.raises(BadInput, match=r"bad\.csv, row 2: there is no file .*7\.png"):
        chipsmith.predict(program, tmp_path / "bad.csv")


def shades(count: int, shade: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 60, (count, 4, 4), np.uint8) + np.uint8(shade)


@pytest.mark.parametrize(
    ("array", "count"),
    [
        (shades(1, 140)[0], 1),
        (shades(2, 140), 2),
        (np.stack([shades(1, 140)[0]] * 3), 1),
        (np.stack([shades(1, 140)[0]] * 3, axis=2), 1),
        (np.stack([shades(5, 140)] * 3, axis=1), 5),
        (np.stack([shades(5, 140)] * 3, axis=3), 5),
        (shades(2, 140).astype(np.int64), 2),
    ],
)
def test_arrays_are_images_of_stated_shapes(program, array, count):
    result = chipsmith.predict(program, array)
    assert [each.answer["class"] for each in result.predictions] == ["swan"] * count


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((4, 4), np.float32), r"give \(255 \* x\)\.round\(\)\.astype\('uint8'\)"),
        (np.full((4, 4), 300), "images are numbers from 0 to 255"),
        (np.zeros(7, np.uint8), r"uint8 of shape \[7\] is no image: give uint8 \(height, width\)"),
        (np.zeros((9, 9), np.uint8), "is 9 x 9 pixels, not 4 x 4"),
    ],
)
def test_other_arrays_are_refused_with_the_shapes(program, array, words):
    with pytest.raises(BadInput, match=words):
        chipsmith.predict(program, [array])


def test_an_npz_has_labels_by_name_or_number(program, tmp_path):
    images = np.concatenate([shades(2, 20), shades(2, 140)])
    np.savez(tmp_path / "x.npz", x=images, y=np.array([0, 0, 1, 0]))
    assert chipsmith.predict(program, [tmp_path / "x.npz"]).metrics["accuracy"].value == 3 / 4
    np.savez(tmp_path / "z.npz", x=images, labels=np.array(["crow", "crow", "swan", "swan"]))
    assert chipsmith.predict(program, [tmp_path / "z.npz"]).metrics["accuracy"].value == 1
    np.savez(tmp_path / "w.npz", x=images, labels=np.array(["crow", "owl", "swan", "swan"]))
    with pytest.raises(BadInput, match="the label 'owl' is no class of this network; its classes are crow, swan"):
        chipsmith.predict(program, [tmp_path / "w.npz"])


def test_a_coloured_image_is_warned_of_and_its_like_is_not(program, birds, tmp_path):
    pixels = np.zeros((4, 4, 3), np.uint8)
    pixels[..., 0] = 250
    Image.fromarray(pixels).save(tmp_path / "red.png")
    red, crow = chipsmith.predict(program, [tmp_path / "red.png", birds / "crow" / "0.png"]).predictions
    assert red.warnings[0].startswith("unlike the training images: in colour, where those are grey")
    assert crow.warnings == ()
    assert red.to_json()["unlike"]["score"] > 1
    assert crow.to_json()["warnings"] == []


def test_a_program_of_before_has_no_warnings(program, birds):
    fields = json.loads(program.manifest.deployment)
    del fields["likeness"], fields["columns"]
    old = dataclasses.replace(program, manifest=dataclasses.replace(program.manifest, deployment=json.dumps(fields)))
    assert chipsmith.predict(old, [birds / "crow" / "0.png"]).predictions[0].warnings == ()


def test_a_run_folder_stands_for_its_program(program, birds, tmp_path):
    with pytest.raises(BadInput, match="holds no program: name the folder that `chipsmith run RECIPE` left"):
        chipsmith.predict(tmp_path, [birds / "crow" / "0.png"])
    write_program(program, tmp_path / "birds.program")
    assert chipsmith.predict(tmp_path, birds / "crow" / "0.png").predictions[0].answer["class"] == "crow"
    write_program(program, tmp_path / "other.program")
    with pytest.raises(BadInput, match="has 2 programs, name one"):
        chipsmith.predict(tmp_path, [birds / "crow" / "0.png"])


def run(*words: object) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main([str(word) for word in words])
    assert not left.value.code


def test_long_answers_are_short_on_a_terminal_and_whole_in_a_file(program, birds, tmp_path, capsys):
    write_program(program, tmp_path / "birds.program")
    run("predict", tmp_path, birds, "--out", tmp_path / "answers.csv")
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) < 24
    assert "... and 290 more: --out answers.csv or --json has all" in printed
    assert "answers: crow 150, swan 150" in printed
    assert "of 300 inputs the right answer is known (95 % interval): accuracy 100.00 %" in printed
    rows = list(csv.DictReader((tmp_path / "answers.csv").read_text().splitlines()))
    assert len(rows) == 300
    assert rows[0].keys() == {"input", "class", "probability", "label", "right", "warnings"}
    assert {row["right"] for row in rows} == {"true"}


def test_the_json_is_whole(program, mixed, tmp_path, capsys):
    write_program(program, tmp_path / "birds.program")
    run("predict", tmp_path, mixed, "--json")
    printed = json.loads(capsys.readouterr().out)
    assert printed["labelled"] == 4
    assert printed["confused"] == [{"label": "crow", "answer": "swan", "count": 1}]
    assert [Path(skipped["input"]).name for skipped in printed["skipped"]] == ["broken.png"]
    assert len(printed["predictions"]) == 5


def test_answers_go_to_a_file_of_a_known_form_alone(program, birds, tmp_path):
    with pytest.raises(BadInput, match=r"answers are written as \.csv or \.json"):
        chipsmith.predict(program, [birds], out=tmp_path / "answers.txt")
    with pytest.raises(BadInput, match="there is no folder"):
        chipsmith.predict(program, [birds], out=tmp_path / "nowhere" / "answers.csv")


def test_a_table_is_judged_by_the_training_datas_target(tmp_path):
    lines = ["size,rooms,price"] + [f"{n},{n % 5},{1000 * n}" for n in range(200)]
    (tmp_path / "houses.csv").write_text("\n".join(lines))
    linear = torch.nn.Linear(2, 1)
    with torch.no_grad():
        linear.weight.copy_(torch.tensor([[1.0, 0.0]]))
        linear.bias.zero_()
    section = TableData(path=str(tmp_path / "houses.csv"), target="price", task="regression")
    houses = deployed(linear, section)
    result = chipsmith.predict(houses, [tmp_path / "houses.csv"])
    assert result.metrics["R2"].value > 0.99
    assert result.metrics["R2"].count == 200
    (row,) = chipsmith.predict(houses, {"size": 100_000, "rooms": 2}).predictions
    assert row.warnings[0].startswith("unlike the training rows: size is higher (1e+05, in training")
    first, second = chipsmith.predict(houses, np.array([[10, 1], [30, 2]])).predictions
    assert first.answer["values"]["price"] < second.answer["values"]["price"]
