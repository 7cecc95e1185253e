"""Data sets of features: tables of one's own, and scikit-learn's sets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn import datasets

from chipsmith.errors import BadInput
from chipsmith.learn.data import SklearnData, TableData, Task


def write_houses(path: Path, *, spoilt: str | None = None) -> Path:
    lines = ["size,town,price,rooms,dear"]
    for number in range(40):
        town = ("York", "Bath")[number % 2]
        lines.append(f"{50 + number},{town},{1000 * number},{number % 5},{'yes' if number > 19 else 'no'}")
    if spoilt is not None:
        lines[3] = spoilt
    path.write_text("\n".join(lines))
    return path


def test_features_are_standardised_and_words_become_inputs(tmp_path):
    file = write_houses(tmp_path / "houses.csv")
    data = TableData(path=str(file), target="dear", features=("size", "town")).load(seed=0)
    assert (data.input_shape, data.class_names) == ((3,), ("no", "yes"))
    values = data.train.whole().inputs
    assert np.allclose(values.mean(axis=0), 0, atol=1e-6)
    assert np.allclose(values.std(axis=0), 1, atol=1e-6)
    row = {"size": "50", "town": "York", "anything": "else"}
    together = np.concatenate([part.whole().inputs for part in (data.train, data.validation, data.test)])
    assert (together == data.preprocessing.apply(row)).all(axis=1).any()


def test_a_regression_of_several_targets(tmp_path):
    file = write_houses(tmp_path / "houses.csv")
    data = TableData(path=str(file), target=("price", "rooms"), features=("size",), task="regression").load(seed=0)
    assert (data.task, data.class_names, data.outputs) == (Task.REGRESSION, ("price", "rooms"), 2)
    assert np.allclose(data.train.targets.mean(axis=0), 0, atol=1e-6)
    prices = data.target_scaling.restore(data.test.targets)[:, 0]
    assert np.allclose(prices / 1000, np.rint(prices / 1000), atol=1e-4)


def test_constant_features_are_only_centred(tmp_path):
    lines = ["a,b,c"] + [f"{n},7,{n % 2}" for n in range(20)]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    values = TableData(path=str(tmp_path / "t.csv"), target="c").load(seed=0).train.whole().inputs
    assert not values[:, 1].any()


def test_no_town_is_in_two_parts(tmp_path):
    lines = ["a,town,c"] + [f"{n},{n % 10},{n % 2}" for n in range(100)]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    data = TableData(path=str(tmp_path / "t.csv"), target="c", group="town").load(seed=0)
    assert [len(part) for part in (data.train, data.validation, data.test)] == [70, 10, 20]
    assert data.input_shape == (1,)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("large,York,1,2,no", r"houses\.csv, row 4: column size: 'large' is no number"),
        ("nan,York,1,2,no", r"houses\.csv, row 4: column size: 'nan' is no finite number"),
        (",York,1,2,no", r"houses\.csv, row 4: column size: '' is no number"),
        ("50,York,1,2", r"houses\.csv, row 4: 4 cells where the first row names 5"),
        ("50,York,1,2,", r"houses\.csv, row 4: the label is empty"),
        ("50,York,1,2,perhaps", r"houses\.csv, row 4: label 'perhaps' is none of the classes no, yes"),
    ],
)
def test_a_faulty_row_is_named(tmp_path, line, message):
    file = write_houses(tmp_path / "houses.csv", spoilt=line)
    with pytest.raises(BadInput, match=message):
        TableData(path=str(file), target="dear", classes=("no", "yes")).load(seed=0)


def test_a_target_that_is_no_number_is_named(tmp_path):
    file = write_houses(tmp_path / "houses.csv", spoilt="50,York,cheap,2,no")
    with pytest.raises(BadInput, match=r"houses\.csv, row 4: column price: 'cheap' is no number"):
        TableData(path=str(file), target="price", task="regression").load(seed=0)


def test_a_table_too_short_to_split_is_named(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,2\n3,4\n")
    with pytest.raises(BadInput, match=r"t\.csv: 2 examples are too few for a split"):
        TableData(path=str(tmp_path / "t.csv"), target="b", task="regression").load(seed=0)


def test_a_column_of_names_is_refused(tmp_path):
    lines = ["name,c"] + [f"house {n},{n % 2}" for n in range(60)]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    with pytest.raises(BadInput, match="column name has 60 different words; 50 are held"):
        TableData(path=str(tmp_path / "t.csv"), target="c").load(seed=0)


@pytest.mark.parametrize(
    ("name", "shape", "outputs", "rows"),
    [
        ("breast_cancer", (30,), 2, 569),
        ("diabetes", (10,), 1, 442),
        ("digits8x8", (1, 8, 8), 10, 1797),
        ("iris", (4,), 3, 150),
        ("linnerud", (3,), 3, 20),
        ("wine", (13,), 3, 178),
    ],
)
def test_sets_of_scikit_learn(name, shape, outputs, rows):
    data = SklearnData(name=name).load(seed=0)
    assert (data.input_shape, data.outputs) == (shape, outputs)
    assert len(data.train) + len(data.validation) + len(data.test) == rows


def test_grey_values_of_8_by_8_digits_are_kept():
    data = SklearnData(name="digits8x8").load(seed=0)
    tested = {np.rint(row * 16).astype(int).tobytes() for row in data.test.whole().inputs.reshape(-1, 64)}
    assert tested <= {row.astype(int).tobytes() for row in datasets.load_digits().data}
