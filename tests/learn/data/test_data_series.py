"""Data sets of time series: the archive's that aeon brings, and tables of one's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from aeon.datasets import load_from_ts_file

from chipsmith.errors import BadInput
from chipsmith.learn.data import SeriesTableData, Task, UcrData, series


def test_sets_are_those_of_aeons_wheel():
    assert {"JapaneseVowels", "BasicMotions", "ItalyPowerDemand"} <= set(series.held_archives())
    with pytest.raises(BadInput, match=r"aeon does not bring the set FordA; it brings .*JapaneseVowels"):
        UcrData(name="FordA").load(seed=0)


def test_the_archives_own_test_part_is_kept():
    data = UcrData(name="BasicMotions").load(seed=0)
    assert (data.input_shape, data.class_names) == ((100, 6), ("badminton", "running", "standing", "walking"))
    assert [np.bincount(part.targets).tolist() for part in (data.train, data.validation, data.test)] == [
        [8] * 4,
        [2] * 4,
        [10] * 4,
    ]
    archive, _ = load_from_ts_file(str(series._archives() / "BasicMotions" / "BasicMotions_TEST.ts"))
    expected = {data.preprocessing.apply(channels.T).tobytes() for channels in archive}
    assert {series.tobytes() for series in data.test.whole().inputs} == expected


def test_shorter_series_are_padded_with_the_mean_and_longer_ones_cut():
    data = UcrData(name="JapaneseVowels").load(seed=0)
    assert (data.input_shape, data.outputs) == ((26, 12), 9)
    values = data.train.whole().inputs
    padded = (values == 0).all(axis=2)
    assert padded.any(axis=1).sum() > 200
    assert np.allclose(values[~padded].mean(axis=0), 0, atol=1e-4)
    assert np.allclose(values[~padded].std(axis=0), 1, atol=1e-4)
    assert np.array_equal(data.preprocessing.apply(np.ones((40, 12))), data.preprocessing.apply(np.ones((26, 12))))


def write_rows(path: Path, *, short: bool = False) -> Path:
    """Rising and falling series of four steps, 20 of each; every fourth of three steps where they may be `short`."""
    lines = ["patient,t0,t1,t2,t3,rhythm"]
    for number in range(40):
        steps = [f"{step * (1 if number % 2 else -1) + number}" for step in range(4)]
        if short and number % 4 == 0:
            steps[3] = ""
        lines.append(",".join([f"p{number % 8}", *steps, "up" if number % 2 else "down"]))
    path.write_text("\n".join(lines))
    return path


def test_one_series_a_row(tmp_path):
    file = write_rows(tmp_path / "beats.csv", short=True)
    settings = SeriesTableData(path=str(file), target="rhythm", values=("t0", "t1", "t2", "t3"))
    data = settings.load(seed=0)
    assert (data.input_shape, data.class_names) == ((4, 1), ("down", "up"))
    assert [len(part) for part in (data.train, data.validation, data.test)] == [28, 4, 8]
    rising = data.train.whole().inputs[data.train.targets == 1]
    assert (np.diff(rising[:, :, 0], axis=1) > 0).all()


def test_no_patient_is_in_two_parts(tmp_path):
    file = write_rows(tmp_path / "beats.csv")
    data = SeriesTableData(path=str(file), target="rhythm", group="patient").load(seed=0)
    assert [len(part) for part in (data.train, data.validation, data.test)] == [25, 5, 10]


def write_steps(path: Path) -> Path:
    """Runs of two channels, of different lengths, one step a row; the fault is the sum of the first step."""
    lines = ["run,force,speed,fault"]
    for run in range(20):
        lines += [f"r{run},{run + step},{-step},{run}" for step in range(3 + run % 3)]
    path.write_text("\n".join(lines))
    return path


def test_one_step_a_row_with_a_number_as_target(tmp_path):
    file = write_steps(tmp_path / "log.csv")
    data = SeriesTableData(
        path=str(file), target="fault", series="run", values=("force", "speed"), task="regression"
    ).load(seed=0)
    assert (data.task, data.input_shape, data.class_names) == (Task.REGRESSION, (5, 2), ("fault",))
    assert data.train.targets.shape == (14, 1)
    assert data.target_scaling is not None
    restored = [data.target_scaling.restore(part.targets) for part in (data.train, data.validation, data.test)]
    assert sorted(np.rint(np.concatenate(restored).ravel())) == list(range(20))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("r0,x,1,0", r"log\.csv, row 5: column force: 'x' is no number"),
        ("r0,nan,1,0", r"log\.csv, row 5: column force: 'nan' is no finite number"),
        ("r0,,1,0", r"log\.csv, row 5: column force: '' is no number"),
        ("r0,1,1,7", r"log\.csv, row 5: fault differs within one series"),
    ],
)
def test_a_faulty_step_is_named(tmp_path, line, message):
    lines = write_steps(tmp_path / "log.csv").read_text().splitlines()
    (tmp_path / "log.csv").write_text("\n".join([*lines[:4], line, *lines[4:]]))
    settings = SeriesTableData(
        path=str(tmp_path / "log.csv"), target="fault", series="run", values=("force", "speed"), task="regression"
    )
    with pytest.raises(BadInput, match=message):
        settings.load(seed=0)


def test_an_empty_series_is_named(tmp_path):
    (tmp_path / "beats.csv").write_text("a,b,kind\n1,2,x\n,,y\n")
    with pytest.raises(BadInput, match=r"beats\.csv, row 3: the series is empty"):
        SeriesTableData(path=str(tmp_path / "beats.csv"), target="kind").load(seed=0)


def test_a_missing_column_is_named(tmp_path):
    file = write_rows(tmp_path / "beats.csv")
    with pytest.raises(BadInput, match=r"beats\.csv has no column kind; it has patient, t0"):
        SeriesTableData(path=str(file), target="kind").load(seed=0)
