"""chipsmith deploy: a folder whose own commands say ok, by gcc, by clang, with sanitizers and on emulated boards."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper

from chipsmith import deploy
from chipsmith.cli import main
from chipsmith.codegen.boards import BOARDS
from chipsmith.codegen.host import find_compilers
from chipsmith.deployment.firmware import measure
from chipsmith.deployment.firmware.result import Firmware
from chipsmith.errors import BadInput, CheckFailed

NETWORKS = Path(__file__).parents[2] / "networks"
IMAGES = np.random.default_rng(0).normal(size=(16, 3, 8, 8)).astype(np.float32)


def needs(*tools: str) -> pytest.MarkDecorator:
    missing = [tool for tool in tools if shutil.which(tool) is None]
    return pytest.mark.skipif(bool(missing), reason=f"missing: {', '.join(missing)}")


@pytest.fixture(scope="module")
def module() -> torch.nn.Module:
    torch.manual_seed(0)
    layers = torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(144, 5)
    return torch.nn.Sequential(*layers).eval()


@pytest.fixture(scope="module")
def firmware(module, tmp_path_factory) -> Firmware:
    """A float network of images [1, 3, 8, 8], deployed."""
    return deploy(module, output=tmp_path_factory.mktemp("deploy") / "small", calibration=IMAGES, name="small")


def make(folder: Path, *words: str) -> str:
    done = subprocess.run(["make", *words], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


@needs("make", "gcc")
def test_its_own_test_says_ok_with_gcc(firmware):
    assert make(firmware.folder, "-B", "test", "CC=gcc").endswith("ok\n")
    assert make(firmware.folder, "-B", "sanitize", "CC=gcc").endswith("ok\n")


@needs("make", "clang")
def test_its_own_test_says_ok_with_clang(firmware):
    assert make(firmware.folder, "-B", "test", "CC=clang").endswith("ok\n")
    assert make(firmware.folder, "-B", "sanitize", "CC=clang").endswith("ok\n")


@needs("make", "cc", *(tool.name for board in BOARDS.values() for tool in board.tools))
def test_every_command_of_its_page_works(firmware):
    page = (firmware.folder / "README.md").read_text()
    commands = re.search(r"```bash\n(.*?)```", page, re.S)
    assert commands is not None
    for command in commands[1].splitlines():
        make(firmware.folder, "clean")
        assert make(firmware.folder, *command.split()[1:]).endswith("ok\n"), command


@pytest.mark.parametrize("board", BOARDS)
def test_the_test_says_ok_on_each_board(firmware, board):
    missing = [tool.name for tool in BOARDS[board].missing_tools]
    if missing or shutil.which("make") is None:
        pytest.skip(f"missing: {', '.join(missing) or 'make'}")
    assert make(firmware.folder, f"run-{board}").endswith("ok\n")


@needs("make", "gcc")
def test_a_wrong_output_is_seen_by_its_test(firmware, tmp_path):
    shutil.copytree(firmware.folder, tmp_path / "broken")
    main_c = tmp_path / "broken" / "main.c"
    text = main_c.read_text()
    number = re.compile(r"expected_.*\n *\{\n +").search(text)
    assert number is not None
    main_c.write_text(f"{text[: number.end()]}1 + {text[number.end() :]}")
    done = subprocess.run(
        ["make", "-B", "test", "CC=gcc"], cwd=main_c.parent, capture_output=True, text=True, check=False
    )
    assert done.returncode
    assert "output output differs from the reference" in done.stdout


def test_the_object_has_files_and_bytes(firmware):
    plain = firmware.to_json()
    assert plain["target"] == "c"
    assert sorted(plain["files"]) == sorted(
        path.relative_to(firmware.folder).as_posix()
        for path in firmware.folder.rglob("*")
        if path.is_file() and "build" not in path.parts
    )
    assert plain["arena_bytes"] >= plain["live_bytes"] > 0
    assert plain["caller_bytes"] == 4 * (3 * 8 * 8 + 5)
    assert plain["check"]["verdict"] == "right"
    assert plain["compilers"] or not find_compilers()
    json.dumps(plain)


@pytest.mark.parametrize("board", BOARDS)
def test_flash_and_memory_are_above_what_they_must_hold_and_not_far(firmware, board):
    (figures,) = (each for each in firmware.boards if each.board.name == board)
    if figures.reason:
        pytest.skip(figures.reason)
    assert firmware.module.constant_bytes < figures.flash_bytes < firmware.module.constant_bytes + 8000
    integers = 3 * 8 * 8 + 5
    least = firmware.module.arena_bytes + integers
    assert least < figures.ram_bytes < least + figures.stack_bytes + 200
    assert len(figures.instructions) == firmware.examples
    assert f"{figures.flash_bytes:,} | {figures.ram_bytes:,}" in (firmware.folder / "README.md").read_text()


@pytest.mark.parametrize("file", ["digits_cnn.tosa", "encoder_layer.tosa", "gru.tosa", "lstm.tosa"])
def test_networks_of_integers_are_deployed(tmp_path, file):
    """That deploy ends says that predict() gave the reference's bits here and on the boards."""
    result = deploy(str(NETWORKS / file), output=tmp_path / "out")
    assert result.check is None
    assert (tmp_path / "out" / "network_predict.h").exists()


def test_a_float_onnx_file_with_names_and_channels_first(tmp_path):
    weights = np.random.default_rng(1).normal(size=(4, 3, 3, 3)).astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("Conv", ["image/in", "w"], ["features:0"])],
        "net",
        [helper.make_tensor_value_info("image/in", TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("features:0", TensorProto.FLOAT, [1, 4, 6, 6])],
        [onnx.numpy_helper.from_array(weights, "w")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "n.onnx")
    result = deploy(str(tmp_path / "n.onnx"), output=tmp_path / "out", calibration=IMAGES)
    header = (tmp_path / "out" / "network_predict.h").read_text()
    assert "int network_predict(const float *image_in, float *features_0);" in header
    assert "float32 [1, 3, 8, 8], 192 elements" in header
    assert result.check is not None
    assert result.check.right


def test_a_folder_of_before_is_replaced_and_any_other_left_alone(module, firmware, tmp_path):
    folder = tmp_path / "small"
    shutil.copytree(firmware.folder, folder)
    (folder / "small.c").write_text("old")
    deploy(module, output=folder, calibration=IMAGES, name="small", no_check=True)
    assert (folder / "small.c").read_text() == firmware.module.source
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(BadInput, match=r"holds other files, such as notes.txt"):
        deploy(module, output=folder, calibration=IMAGES, name="small", no_check=True)
    assert (folder / "notes.txt").read_text() == "mine"


def test_nothing_is_written_where_the_test_fails(module, tmp_path, monkeypatch):
    def refuse(_files: object) -> tuple[str, ...]:
        raise CheckFailed("the test says no")

    monkeypatch.setattr("chipsmith.deployment.firmware.deploy.run_on_host", refuse)
    with pytest.raises(CheckFailed):
        deploy(module, output=tmp_path / "out", calibration=IMAGES, no_check=True)
    assert list(tmp_path.iterdir()) == []


def test_what_a_compiler_says_is_the_message(monkeypatch):
    if not find_compilers():
        pytest.skip("there is no C compiler")
    with pytest.raises(CheckFailed, match=r"does not pass its test with (gcc|clang): (.|\n)*undeclared"):
        measure.run_on_host({"main.c": "int main(void) { return undeclared; }"})


@pytest.mark.parametrize("name", ["2nd", "a-b", "", "für"])
def test_a_name_that_c_does_not_take_is_refused(module, tmp_path, name):
    with pytest.raises(BadInput, match="cannot begin names in C"):
        deploy(module, output=tmp_path / "out", calibration=IMAGES, name=name)


def test_a_folder_that_cannot_be_is_refused_before_the_work(module, tmp_path):
    with pytest.raises(BadInput, match="there is no folder"):
        deploy(module, output=tmp_path / "no" / "out", calibration=IMAGES)
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match="it is a file"):
        deploy(module, output=tmp_path / "file", calibration=IMAGES)


def test_without_tools_the_folder_says_so(module, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    result = deploy(module, output=tmp_path / "out", calibration=IMAGES)
    assert result.compilers == ()
    page = (tmp_path / "out" / "README.md").read_text()
    assert "there was neither gcc nor clang" in page
    assert "not measured" in page
    assert "sudo apt install gcc-arm-none-eabi qemu-system-arm" in page


def test_the_command_prints_one_object(tmp_path, capsys):
    words = ("deploy", str(NETWORKS / "gru.tosa"), "--target", "c", "-o", str(tmp_path / "out"), "--json")
    with pytest.raises(SystemExit) as left:
        main(words)
    assert left.value.code == 0
    plain = json.loads(capsys.readouterr().out)
    assert set(plain["flash_bytes"]) == set(plain["ram_bytes"]) <= set(BOARDS)


def test_another_target_is_refused(tmp_path):
    with pytest.raises(BadInput, match="no sources for the target 'npu'; there are: c"):
        deploy(str(NETWORKS / "gru.tosa"), target="npu", output=tmp_path / "out")
