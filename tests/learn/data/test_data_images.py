"""Data sets of images: MNIST's digits, CIFAR-10 from files, folders of one's own."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from chipsmith.errors import BadInput
from chipsmith.learn.data import Cifar10Data, DigitsData, ImageFolderData
from chipsmith.learn.data.examples import Examples

NOISE = np.random.default_rng(0)


def write_image(path: Path, *, size: tuple[int, int] = (6, 4), shade: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = NOISE.integers(0, 128, (size[1], size[0], 3), np.uint8) + np.uint8(shade)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def birds(tmp_path: Path) -> Path:
    """Dark crows and light swans, 20 each, 6 pixels wide and 4 high."""
    for number in range(20):
        write_image(tmp_path / "birds" / "crow" / f"{number}.png")
        write_image(tmp_path / "birds" / "swan" / f"{number}.png", shade=127)
    return tmp_path / "birds"


def pictures(part: Examples) -> set[bytes]:
    return {image.tobytes() for image in part.whole().inputs}


def test_digits_are_images_from_0_to_1_with_all_digits_in_each_part():
    digits = DigitsData().load(seed=0)
    assert (digits.input_shape, digits.outputs, digits.class_names[7]) == ((1, 28, 28), 10, "7")
    counts = [np.bincount(part.targets).tolist() for part in (digits.train, digits.validation, digits.test)]
    assert counts == [[350] * 10, [50] * 10, [100] * 10]
    values = digits.train.whole().inputs
    assert (values.min(), values.max()) == (0.0, 1.0)


@pytest.mark.parametrize("seed", [0, 7])
def test_no_digit_is_in_two_parts(seed):
    digits = DigitsData().load(seed=seed)
    parts = [pictures(part) for part in (digits.train, digits.validation, digits.test)]
    assert [len(part) for part in parts] == [3500, 500, 1000]
    assert len(set.union(*parts)) == 5000


def test_some_digits_alone_are_kept_in_the_order_of_the_recipe():
    pair, whole = DigitsData(classes=(8, 3)).load(seed=0), DigitsData().load(seed=0)
    assert (pair.class_names, pair.outputs) == (("8", "3"), 2)
    assert [np.bincount(part.targets).tolist() for part in (pair.train, pair.validation, pair.test)] == [
        [350] * 2,
        [50] * 2,
        [100] * 2,
    ]
    eights = pictures(pair.train.select(np.flatnonzero(pair.train.targets == 0)))
    parts = (whole.train, whole.validation, whole.test)
    assert eights < set.union(*(pictures(part.select(np.flatnonzero(part.targets == 8))) for part in parts))


@pytest.mark.parametrize("classes", [(3,), (3, 3), (3, 10)])
def test_classes_that_are_no_two_digits_are_refused(classes):
    with pytest.raises(ValueError, match="classes"):
        DigitsData(classes=classes)


def test_an_image_file_gives_the_inputs_that_training_saw(tmp_path):
    digits = DigitsData().load(seed=0)
    image = digits.test.first(1).whole().inputs[0]
    Image.fromarray(np.rint(image[0] * 255).astype(np.uint8)).save(tmp_path / "digit.png")
    assert np.array_equal(digits.preprocessing.apply(tmp_path / "digit.png"), image)


def test_a_folder_of_images_is_split_by_class(birds):
    data = ImageFolderData(path=str(birds)).load(seed=0)
    assert (data.class_names, data.input_shape) == (("crow", "swan"), (3, 4, 6))
    assert [np.bincount(part.targets).tolist() for part in (data.train, data.validation, data.test)] == [
        [14, 14],
        [2, 2],
        [4, 4],
    ]
    assert len(set.union(*(pictures(part) for part in (data.train, data.validation, data.test)))) == 40


def test_the_scale_is_fitted_on_training_images(birds):
    values = ImageFolderData(path=str(birds)).load(seed=0).train.whole().inputs
    assert np.allclose(values.mean(axis=(0, 2, 3)), 0, atol=1e-5)
    assert np.allclose(values.std(axis=(0, 2, 3)), 1, atol=1e-5)


def test_a_lazy_batch_is_what_the_preprocessing_makes_of_the_files(birds):
    data = ImageFolderData(path=str(birds), size=(8, 8), channels=1).load(seed=3)
    applied = {data.preprocessing.apply(file).tobytes() for file in birds.rglob("*.png")}
    assert pictures(data.test) <= applied
    assert data.input_shape == (1, 8, 8)


def test_the_same_seed_gives_the_same_bits(birds):
    first, again = (ImageFolderData(path=str(birds)).load(seed=5).train.whole() for _ in range(2))
    assert np.array_equal(first.inputs, again.inputs)
    assert np.array_equal(first.targets, again.targets)


def test_an_image_that_is_there_twice_counts_once(birds):
    (birds / "crow" / "copy.png").write_bytes((birds / "crow" / "0.png").read_bytes())
    data = ImageFolderData(path=str(birds)).load(seed=0)
    assert len(data.train) + len(data.validation) + len(data.test) == 40
    assert "1 copies left out" in data.source


def test_images_of_several_sizes_need_a_size(birds):
    write_image(birds / "swan" / "large.png", size=(9, 9))
    with pytest.raises(BadInput, match=r"large\.png is 9 x 9 pixels and .*0\.png is 6 x 4; give a `size`"):
        ImageFolderData(path=str(birds)).load(seed=0)
    assert ImageFolderData(path=str(birds), size=(5, 5)).load(seed=0).input_shape == (3, 5, 5)


def test_a_file_that_is_no_image_is_named(birds):
    (birds / "crow" / "broken.png").write_bytes(b"nothing")
    with pytest.raises(BadInput, match=r"broken\.png is no image of a known format"):
        ImageFolderData(path=str(birds)).load(seed=0)


def test_a_truncated_image_is_named_when_it_is_read(birds):
    whole = (birds / "crow" / "0.png").read_bytes()
    (birds / "crow" / "0.png").write_bytes(whole[: len(whole) // 2])
    data = ImageFolderData(path=str(birds), pixels="unit").load(seed=0)
    with pytest.raises(BadInput, match=r"0\.png is no image that can be read"):
        _ = [part.whole() for part in (data.train, data.validation, data.test)]


def test_a_class_without_images_is_named(birds):
    (birds / "duck").mkdir()
    with pytest.raises(BadInput, match=r"class folder .*duck has no images"):
        ImageFolderData(path=str(birds)).load(seed=0)


def test_a_class_of_copies_is_named(birds):
    (birds / "duck").mkdir()
    for number in range(4):
        (birds / "duck" / f"{number}.png").write_bytes((birds / "crow" / f"{number % 2}.png").read_bytes())
    with pytest.raises(BadInput, match=r"class folder .*duck has 0 different images; 3 or more are needed"):
        ImageFolderData(path=str(birds)).load(seed=0)


def test_a_folder_without_classes_is_refused(tmp_path):
    with pytest.raises(BadInput, match="has 0 class folders"):
        ImageFolderData(path=str(tmp_path)).load(seed=0)
    with pytest.raises(BadInput, match=r"there is no file or folder .*nowhere"):
        ImageFolderData(path=str(tmp_path / "nowhere")).load(seed=0)


def test_a_path_may_hold_a_variable(birds, monkeypatch):
    monkeypatch.setenv("MY_BIRDS", str(birds))
    assert ImageFolderData(path="$MY_BIRDS").load(seed=0).class_names == ("crow", "swan")
    with pytest.raises(BadInput, match="the variable MY_FISH is not set"):
        ImageFolderData(path="$MY_FISH/all").load(seed=0)


def jpeg(seed: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (32, 32, 3), np.uint8)).save(buffer, "JPEG")
    return buffer.getvalue()


def write_cifar(path: Path) -> None:
    """30 training and 10 test images."""
    arrays = {}
    for part, seeds in (("train", range(30)), ("test", range(30, 40))):
        files = [jpeg(seed) for seed in seeds]
        arrays[f"{part}_bytes"] = np.frombuffer(b"".join(files), np.uint8)
        arrays[f"{part}_offsets"] = np.cumsum([0, *map(len, files)])
        arrays[f"{part}_labels"] = np.array([seed % 10 for seed in seeds], np.uint8)
    np.savez(path, **arrays)


def test_cifar10_keeps_its_own_test_part(tmp_path):
    write_cifar(tmp_path / "cifar.npz")
    data = Cifar10Data(path=str(tmp_path), validation=10).load(seed=0)
    assert [len(part) for part in (data.train, data.validation, data.test)] == [20, 10, 10]
    assert sorted(data.test.targets) == list(range(10))
    zero = data.test.batch(np.flatnonzero(data.test.targets == 0))
    assert np.array_equal(zero.inputs[0], data.preprocessing.apply(jpeg(30)))


def test_the_binary_version_of_cifar10(tmp_path):
    records = np.random.default_rng(0).integers(0, 256, (6, 10, 3073), np.uint8)
    records[:, :, 0] = np.arange(10)
    for number, name in enumerate([*(f"data_batch_{batch}.bin" for batch in range(1, 6)), "test_batch.bin"]):
        records[number].tofile(tmp_path / name)
    data = Cifar10Data(path=str(tmp_path), validation=10, pixels="unit").load(seed=0)
    assert [len(part) for part in (data.train, data.validation, data.test)] == [40, 10, 10]
    expected = records[5, 3, 1:].reshape(3, 32, 32).astype(np.float32) / np.float32(255)
    three = data.test.batch(np.flatnonzero(data.test.targets == 3))
    assert np.array_equal(three.inputs[0], expected)


def test_files_that_are_no_cifar10_are_refused(tmp_path):
    with pytest.raises(BadInput, match="is no CIFAR-10"):
        Cifar10Data(path=str(tmp_path)).load(seed=0)
    np.savez(tmp_path / "other.npz", x=np.zeros(3))
    with pytest.raises(BadInput, match=r"other\.npz is no CIFAR-10: it must hold train_bytes"):
        Cifar10Data(path=str(tmp_path)).load(seed=0)


def test_cifar10_of_60000_jpegs(shared_data):
    data = Cifar10Data(path=str(shared_data / "cifar10_jpg")).load(seed=0)
    assert [len(part) for part in (data.train, data.validation, data.test)] == [45_000, 5_000, 10_000]
    assert np.bincount(data.validation.targets).tolist() == [500] * 10
    # The file has its classes one after another.
    for part in (data.train, data.validation, data.test):
        assert np.bincount(part.first(1_000).targets).tolist() == [100] * 10
    batch = data.train.first(500).whole()
    assert abs(batch.inputs.mean()) < 0.1
    assert abs(batch.inputs.std() - 1) < 0.1
