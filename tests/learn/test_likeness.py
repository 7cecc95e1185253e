"""What training data were like, and what is said of an input that is unlike them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import soundfile

from chipsmith.learn import load_recipe
from chipsmith.learn.data import CharactersData, SoundFolderData, TextTableData
from chipsmith.learn.likeness import Likeness, fit_likeness
from chipsmith.learn.preprocessing import BytesTokeniser


@pytest.fixture(scope="module")
def digits():
    return load_recipe("digits").load_data()


@pytest.fixture(scope="module")
def likeness(digits) -> Likeness:
    fitted = fit_likeness(digits, protects_training=False)
    assert fitted is not None
    return fitted


def examine(likeness, data, raw):
    return likeness.examine(data.preprocessing.reader, raw, data.preprocessing.apply(raw))


def test_of_its_own_test_part_at_most_one_in_a_hundred_is_unlike(likeness, digits):
    assert likeness.tested == 1000
    items = digits.origin.split.test
    warned = sum(examine(likeness, digits, digits.origin.raw(int(item))) is not None for item in items)
    assert warned == likeness.test_warned <= 10


def test_inverted_digits_have_a_bright_border(likeness, digits):
    for item in digits.origin.split.test[:100]:
        unlike = examine(likeness, digits, 255 - digits.origin.raw(int(item)))
        assert "with a brighter border" in unlike.sentence
        assert unlike.sentence.startswith("unlike the training images: ")
        assert unlike.score > 1


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_an_empty_image_is_unlike(likeness, digits, grey):
    unlike = examine(likeness, digits, np.full((1, 28, 28), grey, np.uint8))
    assert {"contrast", "border"} & {trait.name for trait in unlike.traits}


def test_a_colour_image_is_told_by_its_colours(likeness, digits, tmp_path):
    from PIL import Image

    pixels = np.zeros((28, 28, 3), np.uint8)
    pixels[6:22, 10:18] = (250, 40, 10)
    Image.fromarray(pixels).save(tmp_path / "red.png")
    assert "in colour, where those are grey" in examine(likeness, digits, tmp_path / "red.png").sentence


def test_the_statistics_go_to_json_and_back(likeness):
    assert Likeness.model_validate_json(likeness.model_dump_json()) == likeness


def test_protected_training_examples_are_not_looked_at(digits):
    """Planted: training images that are all white leave no trace."""
    origin = digits.origin
    training = set(origin.split.train.tolist())

    def raw(item):
        return np.full((1, 28, 28), 255, np.uint8) if item in training else origin.raw(item)

    planted = dataclasses.replace(digits, origin=dataclasses.replace(origin, raw=raw))
    fitted = fit_likeness(planted, protects_training=True)
    assert fitted.measured_on + fitted.chosen_on == len(digits.validation)
    assert fitted.ranges["brightness"].high < 0.5


def test_a_network_that_rebuilds_its_inputs_has_no_warnings():
    assert fit_likeness(load_recipe("vae").load_data(), protects_training=False) is None


def test_features_out_of_scale_are_named():
    data = load_recipe("diabetes").load_data()
    fitted = fit_likeness(data, protects_training=False)
    row = data.origin.raw(int(data.origin.split.test[0]))
    assert examine(fitted, data, row) is None
    unlike = examine(fitted, data, {**row, "bmi": row["bmi"] * 100})
    assert unlike.sentence.startswith("unlike the training rows: bmi is higher (")
    assert unlike.to_json()["traits"][0]["name"] == "bmi"


def test_series_of_another_scale_are_named():
    data = load_recipe("vowels_gru").load_data()
    fitted = fit_likeness(data, protects_training=False)
    series = data.origin.raw(int(data.origin.split.test[0]))
    assert examine(fitted, data, series) is None
    assert "channel" in examine(fitted, data, series * 1000).sentence


@pytest.fixture(scope="module")
def tones(tmp_path_factory):
    """Low and high tones of a third of a second at 8 kHz."""
    folder = tmp_path_factory.mktemp("tones")
    generator = np.random.default_rng(0)
    time = np.arange(2400) / 8000
    for kind, lowest in (("low", 200), ("high", 800)):
        (folder / kind).mkdir()
        for number in range(120):
            samples = generator.uniform(0.2, 0.6) * np.sin(2 * np.pi * generator.uniform(1, 1.5) * lowest * time)
            soundfile.write(folder / kind / f"{number}.wav", samples + generator.normal(0, 0.01, 2400), 8000)
    return SoundFolderData(path=str(folder)).load(seed=0)


@pytest.mark.parametrize(
    ("samples", "rate_hz", "words"),
    [
        (np.zeros(2400), 8000, "quieter"),
        (np.random.default_rng(1).normal(0, 0.2, 2400), 8000, "more like noise"),
        (np.sin(np.arange(16_000) * 0.3) * 0.4, 8000, "longer"),
        (np.sin(np.arange(1200) * 0.3) * 0.4, 4000, "of a lower sample rate (4,000 Hz"),
    ],
)
def test_other_sounds_are_named(tones, tmp_path, samples, rate_hz, words):
    soundfile.write(tmp_path / "x.wav", samples, rate_hz)
    fitted = fit_likeness(tones, protects_training=False)
    unlike = examine(fitted, tones, tmp_path / "x.wav")
    assert words in "; ".join(trait.says for trait in unlike.traits)


SENTENCES = ("the cat sat on the mat and looked at the dog", "this film was a long and slow one of the old kind")


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    file = tmp_path_factory.mktemp("texts") / "t.csv"
    generator = np.random.default_rng(0)
    rows = []
    for number in range(400):
        words = SENTENCES[number % 2].split()
        rows.append(f"{' '.join(generator.permutation(words))} {number},{'ab'[number % 2]}")
    file.write_text("\n".join(["text,label", *rows]))
    return TextTableData(path=str(file), tokeniser=BytesTokeniser()).load(seed=0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("кот сидел на ковре и смотрел на собаку", "in letters of another script"),
        ("der hund liegt unter einem baum neben dem haus", "in other words than the training texts"),
        (" ".join(SENTENCES) * 20, "longer"),
    ],
)
def test_other_texts_are_named(texts, text, words):
    fitted = fit_likeness(texts, protects_training=False)
    assert examine(fitted, texts, "the dog sat on the mat and looked at the cat 7") is None
    assert words in examine(fitted, texts, text).sentence


def test_a_prompt_is_judged_by_its_characters_alone(tmp_path):
    (tmp_path / "book.txt").write_text("It was the best of times, it was the worst of times. " * 200)
    data = CharactersData(path=str(tmp_path / "book.txt"), length=32).load(seed=0)
    fitted = fit_likeness(data, protects_training=False)
    assert examine(fitted, data, "It") is None
    assert "script" in examine(fitted, data, "Это было лучшее").sentence
