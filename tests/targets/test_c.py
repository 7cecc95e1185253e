"""The target c: on this computer and on emulated boards the reference's bits, counted and timed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from chipsmith.api.parameter import parameters_of
from chipsmith.api.programs import infer
from chipsmith.chip import load_chip
from chipsmith.cli import main
from chipsmith.codegen.boards import BOARDS, run_module
from chipsmith.codegen.host import find_compilers
from chipsmith.errors import BadInput
from chipsmith.flow.inference import arrange_inputs, time_inferences
from chipsmith.frontends.pytorch.network import lower_module
from chipsmith.frontends.quantized_io import AuthorTensor, IoBinding, StateBinding
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.frontends.registry import load_model
from chipsmith.profile.profile import Evidence
from chipsmith.targets import CountedNetwork, TargetOptions, TimedNetwork, load_target
from chipsmith.tosa.graph import DType, Graph, Operator, Tensor

CHIP = load_chip("nano-64")
DIGITS = str(Path(__file__).parents[1] / "networks" / "digits_cnn.tosa")
IMAGES = np.random.default_rng(0).normal(size=(8, 3, 8, 8)).astype(np.float32)


def open_c(board=None):
    """The target, or a skip with the tool that is missing."""
    target = load_target("c", CHIP, TargetOptions(board=board))
    if target.missing():
        pytest.skip(f"missing: {', '.join(missing.name for missing in target.missing())}")
    return target


@pytest.fixture(scope="module")
def network() -> QuantizedNetwork:
    """A small convolution with a linear layer, quantised after training."""
    torch.manual_seed(0)
    layers = torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(144, 5)
    return lower_module(torch.nn.Sequential(*layers).eval(), (torch.zeros(1, 3, 8, 8),), (IMAGES,), name="small")


@pytest.mark.parametrize("board", [None, *BOARDS])
def test_a_network_gives_the_bits_of_the_reference(network, board):
    target = open_c(board)
    assert target.refuses(network) == ()
    (outputs,) = target.prepare(network).run(IMAGES[:4])
    (expected,) = load_target("reference", CHIP).prepare(network).run(IMAGES[:4])
    assert np.array_equal(outputs, expected)


@pytest.mark.parametrize("board", [None, *BOARDS])
def test_a_graph_is_taken_operator_by_operator(network, board):
    graph = network.graph
    inputs = network.quantize_inputs(IMAGES[:3])
    outputs = open_c(board).prepare_graph(graph).execute(inputs)
    expected = load_target("reference", CHIP).prepare_graph(graph).execute(inputs)
    assert {name: array.tolist() for name, array in outputs.items()} == {
        name: array.tolist() for name, array in expected.items()
    }


def test_this_computers_clock_times_it_and_the_boards_count(network):
    prepared = open_c().prepare(network)
    assert isinstance(prepared, TimedNetwork)
    assert not isinstance(prepared, CountedNetwork)
    latency = prepared.time(IMAGES[:1], inferences=20)
    assert len(latency.samples_us) == 20
    assert 0 < latency.p50_us <= latency.p99_us < 10_000


def test_a_board_counts_and_does_not_time(network):
    prepared = open_c("mps2-an386").prepare(network)
    assert isinstance(prepared, CountedNetwork)
    assert not isinstance(prepared, TimedNetwork)
    count = prepared.count(IMAGES[:2])
    macs = 36 * 4 * 27 + 144 * 5
    assert len(count.instructions) == 2
    assert macs < count.most_instructions < 40 * macs
    weights = 4 * 27 + 144 * 5
    assert weights < count.flash_bytes < weights + 20_000
    activations = 144
    assert activations < count.ram_bytes < 10_000
    assert (count.board, count.core) == ("mps2-an386", "Cortex-M4")
    assert prepared.count(IMAGES[:2]) == count


def test_outputs_come_with_their_count_from_a_single_emulation(network, monkeypatch):
    prepared = open_c("mps2-an386").prepare(network)
    (expected,), count = prepared.run(IMAGES[:2]), prepared.count(IMAGES[:2])
    calls = []
    monkeypatch.setattr("chipsmith.targets.c.run_module", lambda *given: calls.append(given) or run_module(*given))
    (outputs,), counted = prepared.run_counted(IMAGES[:2])
    assert np.array_equal(outputs, expected)
    assert counted == count
    assert len(calls) == 1


def test_outputs_that_come_with_a_count_are_those_of_states_in_order():
    """y = x + state, and y becomes the state."""
    prepared = open_c("riscv32-virt").prepare(running_sum())
    series = np.array([[1, 2], [10, 20], [100, 200]], np.int32)
    (outputs,), counted = prepared.run_counted(series)
    assert outputs.tolist() == [[6, 2], [16, 22], [116, 222]]
    assert counted == prepared.count(series)


def running_sum() -> QuantizedNetwork:
    tensors = {name: Tensor(name=name, shape=(1, 2), dtype=DType.INT32) for name in ("x", "before", "y")}
    add = Operator(kind="ADD", name="y", inputs=("x", "before"), outputs=("y",))
    x, y = (IoBinding(tensor=name, position=0, scale=None, zero_point=0, axes=(0, 1)) for name in "xy")
    return QuantizedNetwork(
        graph=Graph(
            name="sum", tensors=tensors, operators=(add,), constants={}, inputs=("x", "before"), outputs=("y",)
        ),
        inputs=(x,),
        outputs=(y,),
        author_inputs=(AuthorTensor(name="x", dtype=np.dtype(np.int32), shape=(1, 2)),),
        author_outputs=(AuthorTensor(name="y", dtype=np.dtype(np.int32), shape=(1, 2)),),
        states=(StateBinding(before="before", after="y", initial=np.array([[5, 0]], np.int32)),),
    )


def test_evidence_says_what_was_measured_here_and_what_emulated():
    host, board = load_target("c", CHIP), load_target("c", CHIP, TargetOptions(board="riscv32-virt"))
    assert (host.kind, board.kind) == (Evidence.MEASURED, Evidence.SIMULATED)
    assert "RV32IMAC" in board.obtained


def test_what_a_board_does_not_hold_is_a_reason_with_the_bytes():
    target = open_c("mps2-an386")
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(192, 25_000)).eval()
    large = lower_module(module, (torch.zeros(1, 3, 8, 8),), (IMAGES,), name="large")
    (reason,) = target.refuses(large)
    assert "needs" in reason
    assert "bytes of flash, and it has 4,194,304" in reason


def test_missing_tools_are_named_with_the_command_that_mends_it(monkeypatch, network):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CC", raising=False)
    assert [(each.name, each.mend) for each in load_target("c", CHIP).missing()] == [
        ("gcc or clang", "sudo apt install gcc")
    ]
    assert [
        (each.name, each.mend) for each in load_target("c", CHIP, TargetOptions(board="riscv32-virt")).missing()
    ] == [
        ("riscv64-unknown-elf-gcc", "sudo apt install gcc-riscv64-unknown-elf"),
        ("qemu-system-riscv32", "sudo apt install qemu-system-misc"),
    ]
    (reason,) = load_target("c", CHIP, TargetOptions(board="mps2-an386")).refuses(network)
    assert "sudo apt install gcc-arm-none-eabi qemu-system-arm" in reason


def test_other_options_and_unknown_boards_are_refused():
    with pytest.raises(BadInput, match="target c does not take threads: it takes board"):
        load_target("c", CHIP, TargetOptions(threads=1))
    with pytest.raises(BadInput, match="no emulated board 'stm32'"):
        load_target("c", CHIP, TargetOptions(board="stm32"))


def run_cli(capsys, *words):
    with pytest.raises(SystemExit) as left:
        main(words)
    captured = capsys.readouterr()
    return left.value.code, captured.out, captured.err


def test_infer_on_a_board_counts(tmp_path, capsys):
    open_c("mps2-an386")
    load_model(DIGITS)
    np.save(tmp_path / "x.npy", np.zeros((2, 1, 1, 28, 28), np.int8))
    words = ("infer", DIGITS, "--input", str(tmp_path / "x.npy"), "--target", "c", "--board", "mps2-an386")
    code, out, _ = run_cli(capsys, *words, "--json")
    assert code == 0
    counted = json.loads(out)["counted"]
    assert counted["board"] == "mps2-an386"
    assert (counted["kind"], "emulated" in counted["obtained"]) == ("simulated", True)
    assert len(counted["instructions"]) == 2
    code, out, _ = run_cli(capsys, *words)
    assert f"{counted['instructions'][0]:,} instructions an inference on mps2-an386" in out


def test_a_board_is_for_c_alone(tmp_path, capsys):
    np.save(tmp_path / "x.npy", np.zeros((1, 1, 28, 28), np.int8))
    code, _, error = run_cli(capsys, "infer", DIGITS, "--input", str(tmp_path / "x.npy"), "--board", "mps2-an386")
    assert code == 2
    assert "target npu does not take board" in error


@pytest.mark.skipif(not find_compilers(), reason="there is no C compiler")
def test_official_cases_are_run_on_it(capsys):
    code, out, _ = run_cli(capsys, "conformance", "--target", "c", "--op", "clamp", "--sample", "2", "--json")
    assert code == 0, out


@pytest.mark.parametrize("board", [None, "riscv32-virt"])
def test_tensors_of_rank_0(board):
    graph = Graph(
        name="sum",
        tensors={name: Tensor(name=name, shape=(), dtype=DType.INT32) for name in ("a", "b", "y")},
        operators=(Operator(kind="ADD", name="y", inputs=("a", "b"), outputs=("y",)),),
        constants={},
        inputs=("a", "b"),
        outputs=("y",),
    )
    inputs = {"a": np.array([1, 2, -3], np.int32), "b": np.array([10, 20, 30], np.int32)}
    assert open_c(board).prepare_graph(graph).execute(inputs)["y"].tolist() == [11, 22, 27]


def test_the_help_names_every_board():
    (board,) = [parameter for parameter in parameters_of(infer) if parameter.name == "board"]
    assert board.form.help.endswith(f"target c: {', '.join(BOARDS)}.")


def test_an_emulated_board_is_not_timed(network):
    inferences = arrange_inputs(network, IMAGES[:1])
    with pytest.raises(BadInput, match="instructions and no time: give --time or --board, not both"):
        time_inferences(open_c("mps2-an386").prepare(network), inferences, target="c", count=2)
