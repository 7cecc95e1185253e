"""Raw data through a Program: an answer from files as they are, the same as the network's own."""

from __future__ import annotations

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
from chipsmith.deployment.predict import quantize_raw
from chipsmith.errors import BadInput
from chipsmith.flow.golden_vectors import compile_vectors
from chipsmith.frontends.pytorch.network import lower_module
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.learn.data import (
    CharactersData,
    Dataset,
    ImageFolderData,
    InputsAsTargets,
    SeriesTableData,
    TableData,
    Task,
    TextTableData,
)
from chipsmith.learn.preprocessing import CharactersTokeniser
from chipsmith.learn.validation.classes import softmax
from chipsmith.program.file import write_program
from chipsmith.program.program import Program
from chipsmith.sim import cycle


@dataclasses.dataclass(frozen=True)
class DeployedNetwork:
    data: Dataset
    lowered: QuantizedNetwork
    program: Program


def make(module: torch.nn.Module, data: Dataset, *, threshold: float | None = None) -> DeployedNetwork:
    """The module, as it is, on nano-64, with the data set's deployment."""
    example = (torch.zeros(1, *data.input_shape, dtype=getattr(torch, data.input_dtype)),)
    calibration = (data.train.first(16).whole().inputs,)
    lowered = lower_module(module.eval(), example, calibration, name=data.name)
    program = compile_network(lowered.graph, load_chip("nano-64"))
    deployment = Deployment.of(data, lowered, anomaly_threshold=threshold).model_dump_json()
    manifest = dataclasses.replace(program.manifest, deployment=deployment)
    return DeployedNetwork(data, lowered, dataclasses.replace(program, manifest=manifest))


def expected(deployed: DeployedNetwork, values: np.ndarray) -> np.ndarray:
    """What PyTorch's own int8 network answers."""
    (answers,) = deployed.lowered.fake_quantized.run(values)
    return answers


@pytest.fixture(scope="module")
def birds(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("birds")
    generator = np.random.default_rng(0)
    for kind, shade in (("crow", 0), ("swan", 127)):
        (folder / kind).mkdir()
        for number in range(20):
            pixels = generator.integers(0, 128, (4, 4, 3), np.uint8) + np.uint8(shade)
            Image.fromarray(pixels).save(folder / kind / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def images(birds) -> DeployedNetwork:
    """Brightness tells crows from swans."""
    linear = torch.nn.Linear(48, 2)
    with torch.no_grad():
        linear.weight.copy_(torch.tensor([[-0.1] * 48, [0.1] * 48]))
        linear.bias.zero_()
    return make(torch.nn.Sequential(torch.nn.Flatten(), linear), ImageFolderData(path=str(birds)).load(seed=0))


def test_an_image_file_gets_a_class(images, birds):
    result = chipsmith.predict(images.program, [birds / "crow" / "3.png", birds / "swan" / "3.png"])
    assert [prediction.answer["class"] for prediction in result.predictions] == ["crow", "swan"]
    assert result.latency_cycles == cycle.simulate(images.program).latency_cycles
    assert result.inferences == 2


def test_probabilities_are_those_of_pytorchs_int8_network(images, birds):
    file = birds / "swan" / "5.png"
    logits = expected(images, images.data.preprocessing.apply(file)[None])
    (prediction,) = chipsmith.predict(images.program, [file]).predictions
    assert prediction.answer["probabilities"]["swan"] == pytest.approx(float(softmax(logits)[0, 1]), abs=0.02)


def test_the_integers_of_an_image_file_stand_for_its_values(images, birds):
    file = birds / "swan" / "5.png"
    (binding,) = images.lowered.inputs
    (integers,) = quantize_raw(images.program, str(file), name="birds").values()
    real = (integers.astype(np.float32) - binding.zero_point) * binding.scale
    values = np.transpose(images.data.preprocessing.apply(file)[None], binding.axes)
    np.testing.assert_allclose(real, values, atol=0.51 * binding.scale)


def test_a_golden_vector_of_an_image_file(images, birds, tmp_path):
    write_program(images.program, tmp_path / "p.program")
    chip = load_chip("nano-64")
    (vector,) = compile_vectors([str(tmp_path / "p.program")], chip, inputs=[str(birds / "swan" / "3.png")])
    (scores,) = vector.outputs.values()
    assert images.data.class_names[int(scores.argmax())] == "swan"
    manifest = vector.program.manifest
    assert vector.scales.keys() == {port.name for port in (*manifest.inputs, *manifest.outputs)}


def test_the_command_prints_one_object(images, birds, tmp_path, capsys):
    write_program(images.program, tmp_path / "p.program")
    with pytest.raises(SystemExit) as exit:
        cli.main(["predict", str(tmp_path / "p.program"), str(birds / "crow" / "1.png"), "--json"])
    assert not exit.value.code
    printed = json.loads(capsys.readouterr().out)
    assert printed["predictions"][0]["class"] == "crow"
    assert printed["latency_us"] == printed["latency_cycles"] / load_chip("nano-64").clock_mhz


def test_the_command_says_the_answer_and_the_time(images, birds, tmp_path, capsys):
    write_program(images.program, tmp_path / "p.program")
    with pytest.raises(SystemExit):
        cli.main(["predict", str(tmp_path / "p.program"), str(birds / "crow" / "1.png")])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"{birds / 'crow' / '1.png'}: crow (")
    assert "1 inference on nano-64 (simulated)" in lines[1]


@pytest.mark.parametrize("content", [b"nothing", b""])
def test_a_file_that_is_no_image_is_named(images, tmp_path, content):
    (tmp_path / "x.png").write_bytes(content)
    with pytest.raises(BadInput, match=r"x\.png is no image of a known format"):
        chipsmith.predict(images.program, [tmp_path / "x.png"])


def test_a_missing_file_is_named(images, tmp_path):
    with pytest.raises(BadInput, match=r"there is no file or folder .*gone\.png"):
        chipsmith.predict(images.program, [tmp_path / "gone.png"])


def test_an_image_of_another_size_is_refused(images, tmp_path):
    Image.fromarray(np.zeros((9, 9, 3), np.uint8)).save(tmp_path / "large.png")
    with pytest.raises(BadInput, match=r"large\.png is 9 x 9 pixels, not 4 x 4"):
        chipsmith.predict(images.program, [tmp_path / "large.png"])


def test_a_program_without_a_deployment_is_refused(images):
    manifest = dataclasses.replace(images.program.manifest, deployment=None)
    with pytest.raises(BadInput, match="takes and gives integers alone"):
        chipsmith.predict(dataclasses.replace(images.program, manifest=manifest), ["x.png"])


@pytest.mark.parametrize(
    ("deployment", "message"),
    [
        ("{", r"damaged, or of another Chipsmith \(deployment\); run its recipe again"),
        ('{"task": "flying"}', r"damaged, or of another Chipsmith \(deployment\.task\); run its recipe again"),
    ],
)
def test_a_damaged_deployment_is_refused(images, deployment, message):
    manifest = dataclasses.replace(images.program.manifest, deployment=deployment)
    with pytest.raises(BadInput, match=message):
        chipsmith.predict(dataclasses.replace(images.program, manifest=manifest), ["x.png"])


def test_a_deployment_of_another_network_is_refused(images):
    fields = json.loads(images.program.manifest.deployment)
    fields["inputs"][0]["tensor"] = "other"
    manifest = dataclasses.replace(images.program.manifest, deployment=json.dumps(fields))
    with pytest.raises(BadInput, match="of a network with other inputs and outputs"):
        chipsmith.predict(dataclasses.replace(images.program, manifest=manifest), ["x.png"])


def test_rows_of_a_table_get_numbers_in_their_own_units(tmp_path):
    lines = ["size,rooms,price"] + [f"{n},{n % 5},{1000 * n}" for n in range(40)]
    (tmp_path / "houses.csv").write_text("\n".join(lines))
    data = TableData(path=str(tmp_path / "houses.csv"), target="price", task="regression").load(seed=0)
    linear = torch.nn.Linear(2, 1)
    with torch.no_grad():
        linear.weight.copy_(torch.tensor([[1.0, 0.0]]))
        linear.bias.zero_()
    deployed = make(linear, data)
    (tmp_path / "new.csv").write_text("rooms,size\n1,10\n2,30\n")
    result = chipsmith.predict(deployed.program, [tmp_path / "new.csv"])
    first, second = result.predictions
    assert [first.input, second.input] == [f"{tmp_path / 'new.csv'}, row {row}" for row in (2, 3)]
    assert first.answer["values"]["price"] == pytest.approx(10_000, abs=600)
    assert second.answer["values"]["price"] == pytest.approx(30_000, abs=600)
    (tmp_path / "bad.csv").write_text("rooms,size\n1,wide\n")
    with pytest.raises(BadInput, match=r"bad\.csv, row 2: column size: 'wide' is no number"):
        chipsmith.predict(deployed.program, [tmp_path / "bad.csv"])
    (tmp_path / "short.csv").write_text("rooms\n1\n")
    with pytest.raises(BadInput, match=r"short\.csv has no column size; it has rooms"):
        chipsmith.predict(deployed.program, [tmp_path / "short.csv"])


def test_series_of_a_table(tmp_path):
    lines = ["t0,t1,t2,kind"]
    lines += [f"{n},{n},{n + (8 if n % 2 else -8)},{'up' if n % 2 else 'down'}" for n in range(40)]
    (tmp_path / "beats.csv").write_text("\n".join(lines))
    data = SeriesTableData(path=str(tmp_path / "beats.csv"), target="kind").load(seed=0)
    linear = torch.nn.Linear(3, 2)
    with torch.no_grad():
        linear.weight.copy_(torch.tensor([[0.0, 1.0, -1.0], [0.0, -1.0, 1.0]]))
        linear.bias.zero_()
    deployed = make(torch.nn.Sequential(torch.nn.Flatten(), linear), data)
    (tmp_path / "new.csv").write_text("t0,t1,t2\n5,5,13\n5,5,-3\n")
    result = chipsmith.predict(deployed.program, [tmp_path / "new.csv"])
    assert [prediction.answer["class"] for prediction in result.predictions] == ["up", "down"]


def test_what_is_rebuilt_badly_is_an_anomaly(birds):
    data = ImageFolderData(path=str(birds), pixels="unit").load(seed=0)
    marks = data.test.targets.astype(np.int64)
    parts = [InputsAsTargets(examples=part, anomalous=np.zeros(len(part), np.int64)) for part in (data.train,) * 2]
    rebuilt = dataclasses.replace(
        data,
        task=Task.RECONSTRUCTION,
        class_names=("normal", "anomaly"),
        train=parts[0],
        validation=parts[1],
        test=InputsAsTargets(examples=data.test, anomalous=marks),
    )
    deployed = make(torch.nn.Hardtanh(0.0, 0.5), rebuilt, threshold=0.01)
    crow, swan = chipsmith.predict(deployed.program, [birds / "crow" / "0.png", birds / "swan" / "0.png"]).predictions
    assert [crow.answer["class"], swan.answer["class"]] == ["normal", "anomaly"]
    values = data.preprocessing.apply(birds / "swan" / "0.png")
    assert swan.answer["error"] == pytest.approx(float(((values - values.clip(0, 0.5)) ** 2).mean()), rel=0.05)


class Bigram(torch.nn.Module):
    """After a character comes the next of the alphabet, after the last the first."""

    def __init__(self, characters: int) -> None:
        super().__init__()
        self.table = torch.nn.Embedding(characters + 1, characters + 1)
        with torch.no_grad():
            self.table.weight.zero_()
            for token in range(1, characters + 1):
                self.table.weight[token, 1 + token % characters] = 4.0

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.table(tokens)


@pytest.fixture(scope="module")
def language(tmp_path_factory) -> DeployedNetwork:
    book = tmp_path_factory.mktemp("book") / "book.txt"
    book.write_text("abcdefgh" * 50)
    return make(Bigram(8), CharactersData(path=str(book), length=6).load(seed=0))


@pytest.mark.parametrize("prompt", ["a", "abcdefgh", "zzza"])
def test_a_language_model_goes_on(language, prompt):
    (prediction,) = chipsmith.predict(language.program, [prompt], tokens=10).predictions
    following = "abcdefgh" * 3
    start = following.index(prompt[-1]) + 1
    assert prediction.answer["text"] == following[start : start + 10]


def test_a_prompt_may_stand_in_a_file(language, tmp_path):
    (tmp_path / "prompt.txt").write_text("cde")
    result = chipsmith.predict(language.program, [tmp_path / "prompt.txt"], tokens=3)
    assert result.predictions[0].answer["text"] == "fgh"
    assert result.inferences == 3


def test_a_prompt_may_be_longer_than_the_name_of_a_file(language):
    (prediction,) = chipsmith.predict(language.program, ["abcdefgh" * 1000], tokens=2).predictions
    assert prediction.answer["text"] == "ab"


def test_drawn_tokens_are_the_same_by_the_same_seed(language):
    texts = [
        chipsmith.predict(language.program, ["a"], tokens=20, temperature=5.0, seed=seed).predictions[0].answer["text"]
        for seed in (0, 0, 1)
    ]
    assert texts[0] == texts[1] != texts[2]


@pytest.mark.parametrize("changes", [{"tokens": 0}, {"temperature": -1.0}, {"temperature": float("nan")}])
def test_writing_of_no_sense_is_refused(language, changes):
    with pytest.raises(BadInput, match="1 or more tokens"):
        chipsmith.predict(language.program, ["a"], **changes)


def test_a_text_gets_a_class(tmp_path):
    lines = ["label,text", *(f"low,{'a' * (1 + n % 4)}" + "b" * n for n in range(20))]
    lines += [f"high,{'z' * (1 + n % 4)}" + "y" * n for n in range(20)]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    data = TextTableData(path=str(tmp_path / "t.csv"), tokeniser=CharactersTokeniser(), length=4).load(seed=0)
    table = torch.nn.Embedding(5, 2)
    with torch.no_grad():
        table.weight.copy_(torch.tensor([[0.0, 0.0], [0.0, 1.0], [0.0, 1.0], [1.0, 0.0], [1.0, 0.0]]))
    deployed = make(torch.nn.Sequential(table, Mean()), data)
    assert data.class_names == ("high", "low")
    result = chipsmith.predict(deployed.program, ["abba", "zy"])
    assert [prediction.answer["class"] for prediction in result.predictions] == ["low", "high"]


class Mean(torch.nn.Module):
    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return values.mean(dim=1)


def test_a_token_that_does_not_exist_is_refused(language):
    """Planted: the program's tokeniser has two characters more than its network has rows."""
    manifest = language.program.manifest
    longer = dataclasses.replace(manifest, deployment=manifest.deployment.replace('"abcdefgh"', '"abcdefghij"'))
    program = dataclasses.replace(language.program, manifest=longer)
    assert chipsmith.predict(program, ["h"], tokens=1).predictions[0].answer["text"] == "a"
    with pytest.raises(BadInput, match="token 10 does not exist: the network knows 9 tokens"):
        chipsmith.predict(program, ["j"], tokens=1)
