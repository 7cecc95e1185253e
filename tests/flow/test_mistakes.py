"""The examples that are shown as answered worst: which, in which order, with what."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from chipsmith.flow.mistakes import SHOWN, find_mistakes
from chipsmith.learn import load_recipe
from chipsmith.learn.inspection import load_inspected
from chipsmith.learn.validation.answers import tabulate_answers

pytest.importorskip("torch")


def judged(recipe, outputs):
    inspected = load_inspected(recipe)
    data = inspected.data
    table = tabulate_answers(
        outputs(data.test), data.test, data.task, digests=data.test.digests, scaling=data.target_scaling
    )
    return inspected, find_mistakes(inspected, table, outputs(data.test))


def test_wrong_answers_of_a_classifier_stand_with_the_surest_first():
    def outputs(test):
        """Right but for the first forty, which are taken for the next class, the later the surer."""
        logits = 6 * np.eye(10, dtype=np.float32)[test.targets]
        for index in range(40):
            logits[index] = 0
            logits[index, (test.targets[index] + 1) % 10] = 1 + index / 10
        return logits

    inspected, record = judged(load_recipe("digits"), outputs)
    assert (record.wrong, record.count, len(record.shown)) == (40, 1000, SHOWN)
    assert [mistake.index for mistake in record.shown] == list(range(39, 39 - SHOWN, -1))
    first = record.shown[0]
    assert int(first.answer) == (int(first.target) + 1) % 10
    assert first.probability == pytest.approx(np.exp(4.9) / (np.exp(4.9) + 9))
    assert first.true_probability == pytest.approx(1 / (np.exp(4.9) + 9))
    assert first.name == inspected.data.origin.name_item(int(inspected.data.origin.split.test[39]))


def test_a_picture_shows_the_pixels_of_the_example():
    image = pytest.importorskip("PIL.Image")
    import io

    inspected, record = judged(load_recipe("digits"), lambda test: np.zeros((len(test), 10), np.float32))
    shown = record.shown[0]
    pixels = np.asarray(image.open(io.BytesIO(base64.b64decode(shown.picture))))
    inputs = inspected.data.test.batch(np.array([shown.index])).inputs
    assert np.array_equal(pixels, np.round(inputs[0, 0] * 255))


def test_a_regression_shows_its_largest_residuals_in_its_own_units():
    def outputs(test):
        answers = test.targets.copy()
        answers[7] += 2
        answers[3] -= 1
        return answers

    inspected, record = judged(load_recipe("diabetes"), outputs)
    assert record.wrong is None
    assert [mistake.index for mistake in record.shown[:2]] == [7, 3]
    deviation = inspected.data.target_scaling.std[0]
    assert record.shown[0].residual == pytest.approx(2 * deviation, rel=1e-4)
    assert record.shown[1].residual == pytest.approx(-deviation, rel=1e-4)
    assert float(record.shown[0].answer) - float(record.shown[0].target) == pytest.approx(2 * deviation, rel=1e-2)


def test_of_anomalies_those_that_look_normal_are_shown_too():
    inspected, record = judged(load_recipe("anomaly"), lambda test: np.zeros_like(test.whole().inputs))
    targets = [mistake.target for mistake in record.shown]
    assert targets == ["normal"] * (SHOWN // 2) + ["anomaly"] * (SHOWN // 2)
    errors = [float(mistake.answer.rpartition(" ")[2]) for mistake in record.shown]
    assert errors[: SHOWN // 2] == sorted(errors[: SHOWN // 2], reverse=True)
    assert errors[SHOWN // 2 :] == sorted(errors[SHOWN // 2 :])
    assert inspected.data.class_names == ("normal", "anomaly")


def test_an_exact_network_has_nothing_to_show():
    _, record = judged(load_recipe("digits"), lambda test: np.eye(10, dtype=np.float32)[test.targets])
    assert (record.wrong, record.shown) == (0, ())
