"""Small data sets of every task, drawn at random."""

from __future__ import annotations

import numpy as np

from chipsmith.learn.data import ArrayExamples, Dataset, InputsAsTargets, Task
from chipsmith.learn.preprocessing import ImageReader, Preprocessing


def toy_dataset(task: Task) -> Dataset:
    """80 examples of 6 values, of 7 tokens for a language: 48 to train on, 16 to validate, 16 to test."""
    generator = np.random.default_rng(0)
    inputs = generator.normal(size=(80, 6)).astype(np.float32)
    tokens = generator.integers(0, 5, (80, 7)).astype(np.int32)
    marks = np.arange(80, dtype=np.int64) % 2
    match task:
        case Task.CLASSIFICATION:
            return split(task, inputs, inputs[:, :3].argmax(1).astype(np.int64), ("a", "b", "c"))
        case Task.REGRESSION:
            return split(task, inputs, (inputs @ generator.normal(size=(6, 2))).astype(np.float32), ("u", "v"))
        case Task.LANGUAGE:
            return split(task, tokens, ((tokens + 1) % 5).astype(np.int64), tuple("abcde"))
        case Task.RECONSTRUCTION:
            return split(task, inputs, marks, ("normal", "anomaly"))
        case Task.GENERATION:
            images = generator.uniform(size=(80, 6)).astype(np.float32)
            return split(task, images, np.zeros(80, np.int64), ("normal",))


def split(task: Task, inputs, targets, names) -> Dataset:
    whole = (
        InputsAsTargets(examples=ArrayExamples(inputs=inputs, all_targets=targets), anomalous=targets)
        if task.targets_are_inputs
        else ArrayExamples(inputs=inputs, all_targets=targets)
    )
    parts = [whole.select(np.arange(start, end)) for start, end in ((0, 48), (48, 64), (64, 80))]
    return Dataset(
        name="toy",
        source="drawn at random",
        task=task,
        class_names=names,
        input_shape=inputs.shape[1:],
        input_dtype=str(inputs.dtype),
        train=parts[0],
        validation=parts[1],
        test=parts[2],
        preprocessing=Preprocessing(reader=ImageReader(height=1, width=6, channels=1, resize=True), steps=()),
    )
