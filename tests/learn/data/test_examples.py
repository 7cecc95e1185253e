"""Parts of a data set: in memory, decoded as they are asked for, windows of a text, inputs as targets."""

from __future__ import annotations

import numpy as np
import pytest

from chipsmith.errors import BadInput
from chipsmith.learn.data import (
    ArrayExamples,
    Dataset,
    Decoder,
    GroupedExamples,
    InputsAsTargets,
    LazyExamples,
    TargetScaling,
    Task,
    WindowExamples,
)
from chipsmith.learn.preprocessing import ImageReader, Preprocessing

SQUARES = np.arange(10, dtype=np.float32).reshape(10, 1) ** 2
LABELS = np.arange(10) % 3


def in_memory() -> ArrayExamples:
    return ArrayExamples(inputs=SQUARES.copy(), all_targets=LABELS.copy())


def lazy(limit_bytes: int = 1 << 20) -> LazyExamples:
    decoder = Decoder(decode=lambda item: SQUARES[item], finish=lambda values: values, limit_bytes=limit_bytes)
    return LazyExamples(decoder=decoder, items=np.arange(10), all_targets=LABELS.copy())


@pytest.mark.parametrize("make", [in_memory, lazy])
def test_a_batch_holds_the_chosen_examples_in_their_order(make):
    batch = make().batch(np.array([3, 0, 3]))
    assert batch.inputs.ravel().tolist() == [9, 0, 9]
    assert batch.targets.tolist() == [0, 0, 0]


@pytest.mark.parametrize("make", [in_memory, lazy])
def test_a_selection_is_a_part_of_its_own(make):
    part = make().select(np.array([5, 7, 1]))
    assert len(part) == 3
    assert part.whole().inputs.ravel().tolist() == [25, 49, 1]
    assert part.first(2).targets.tolist() == part.targets[:2].tolist() == [2, 1]


@pytest.mark.parametrize("make", [in_memory, lazy])
def test_batches_hold_everything_once(make):
    sizes = [len(batch.inputs) for batch in make().batches(4)]
    together = np.concatenate([batch.inputs for batch in make().batches(4)])
    assert sizes == [4, 4, 2]
    assert np.array_equal(together, SQUARES)


def test_what_is_kept_decoded_stays_within_its_bound():
    part = lazy(limit_bytes=3 * SQUARES[0].nbytes)
    assert np.array_equal(part.whole().inputs, SQUARES)
    assert part.decoder.kept_bytes == 3 * SQUARES[0].nbytes
    assert np.array_equal(part.whole().inputs, SQUARES)


def test_a_kept_example_is_not_decoded_again():
    decoded = []
    decoder = Decoder(decode=lambda item: decoded.append(item) or SQUARES[item], finish=lambda values: values)
    part = LazyExamples(decoder=decoder, items=np.arange(4), all_targets=LABELS[:4])
    part.whole()
    part.whole()
    assert decoded == [0, 1, 2, 3]


def test_windows_ask_for_the_token_after_each_token():
    tokens = np.arange(20, dtype=np.int32)
    part = WindowExamples(tokens=tokens, starts=np.array([0, 15]), length=4)
    batch = part.batch(np.array([1, 0]))
    assert batch.inputs.tolist() == [[15, 16, 17, 18], [0, 1, 2, 3]]
    assert batch.targets.tolist() == [[16, 17, 18, 19], [1, 2, 3, 4]]
    assert (batch.inputs.dtype, batch.targets.dtype) == (np.int32, np.int64)
    assert part.targets.tolist() == [[1, 2, 3, 4], [16, 17, 18, 19]]


def test_windows_of_one_stretch_of_the_text_are_a_group():
    part = WindowExamples(tokens=np.zeros(200, np.int32), starts=np.array([0, 5, 15, 190]), length=4)
    assert part.groups.tolist() == [0, 0, 1, 19]


@pytest.mark.parametrize("make", [in_memory, lazy])
def test_groups_go_along_with_their_examples(make):
    part = GroupedExamples(examples=make(), all_groups=np.arange(10) // 2)
    rebuilt = InputsAsTargets(examples=part, anomalous=np.zeros(10, np.int64))
    chosen = np.array([9, 0, 3])
    assert part.select(chosen).groups.tolist() == rebuilt.select(chosen).groups.tolist() == [4, 0, 1]
    assert np.array_equal(part.batch(chosen).inputs, make().batch(chosen).inputs)
    assert make().groups is None


def test_a_window_without_a_next_token_is_refused():
    with pytest.raises(BadInput, match="no windows of 4 with a next token"):
        WindowExamples(tokens=np.arange(8, dtype=np.int32), starts=np.array([4]), length=4)


def test_rebuilt_examples_have_their_inputs_as_targets_and_know_the_anomalies():
    part = InputsAsTargets(examples=in_memory(), anomalous=(LABELS == 2).astype(np.int64))
    batch = part.batch(np.array([4, 2]))
    assert np.array_equal(batch.inputs, batch.targets)
    assert part.select(np.array([4, 2])).targets.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("inputs", "targets", "message"),
    [
        (np.zeros((2, 1)), np.zeros(2, np.int64), "float32 values or int32 tokens, not float64"),
        (np.zeros((2, 1), np.float32), np.zeros(3, np.int64), "2 inputs and 3 targets do not pair"),
        (np.zeros((0, 1), np.float32), np.zeros(0, np.int64), "0 inputs and 0 targets do not pair"),
        (np.full((2, 1), np.nan, np.float32), np.zeros(2, np.int64), "inputs must be finite numbers; 2 of 2 are not"),
        (np.zeros((1, 1), np.float32), np.full((1, 1), np.inf, np.float32), "targets must be finite numbers"),
    ],
)
def test_arrays_that_are_no_examples_are_refused(inputs, targets, message):
    with pytest.raises(BadInput, match=message):
        ArrayExamples(inputs=inputs, all_targets=targets)


def test_examples_in_memory_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        in_memory().inputs[0, 0] = 1


def dataset(**changes: object) -> Dataset:
    part = in_memory()
    fields = {
        "name": "squares",
        "source": "",
        "task": Task.CLASSIFICATION,
        "class_names": ("a", "b", "c"),
        "input_shape": (1,),
        "input_dtype": "float32",
        "train": part,
        "validation": part,
        "test": part,
        "preprocessing": Preprocessing(reader=ImageReader(height=1, width=1, channels=1)),
    }
    return Dataset(**{**fields, **changes})


def test_outputs_are_classes_or_the_inputs_size():
    assert dataset().outputs == 3
    assert dataset(task=Task.RECONSTRUCTION).outputs == 1


def test_a_class_without_a_name_is_refused():
    with pytest.raises(BadInput, match="data set squares: the training part needs classes from 0 to 1"):
        dataset(class_names=("a", "b"))


def test_a_part_of_another_shape_is_refused():
    wide = ArrayExamples(inputs=np.zeros((2, 3), np.float32), all_targets=LABELS[:2].copy())
    with pytest.raises(BadInput, match=r"the test part has inputs float32 of shape \[3\], not float32 of \[1\]"):
        dataset(test=wide)


def test_scaled_targets_come_back_in_their_own_units():
    scaling = TargetScaling(mean=(10.0, -1.0), std=(2.0, 0.5))
    values = np.array([[12.0, -1.0], [8.0, 0.0]])
    assert scaling.scale(values).tolist() == [[1.0, 0.0], [-1.0, 2.0]]
    assert scaling.restore(scaling.scale(values)).tolist() == values.tolist()
