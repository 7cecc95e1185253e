"""A kernel on chips, beside its references, and on this computer: what the verb returns, as Python and as JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import chipsmith
from chipsmith import cli
from chipsmith.errors import BadInput
from chipsmith.flow import kernels as flow
from chipsmith.flow.kernels import ComputerAsk

SMALL = {"input": (1, 6, 6, 4), "filters": 8}


@pytest.fixture(scope="module")
def result():
    return chipsmith.kernel("conv2d", parameters=SMALL, chips=("nano-64", "edge-256"), no_computer=True)


def run(*words, capsys):
    with pytest.raises(SystemExit) as exit:
        cli.main(["kernel", *words])
    return exit.value.code, capsys.readouterr()


def test_bits_are_compared_with_both_references_on_each_chip(result):
    assert [row.chip.name for row in result.chips] == ["nano-64", "edge-256"]
    for row in result.chips:
        assert [bits.reference for bits in row.bits] == ["reference interpreter", "tosa_reference_model"]
        assert {(bits.mismatches, bits.compared) for bits in row.bits} == {(0, 4 * 6 * 6 * 8)}
    assert not result.failure


def test_a_wrong_bit_is_said(result):
    first = result.chips[0]
    wrong = replace(first, bits=(replace(first.bits[0], mismatches=3),))
    assert replace(result, chips=(wrong,)).failure == "3 of 1152 outputs of nano-64 differ from reference interpreter"


def test_figures_are_those_of_an_estimate_of_the_same_graph(result, tmp_path):
    from chipsmith.tosa.file import write_tosa

    path = tmp_path / "conv2d.tosa"
    write_tosa(result.kernel.network.graph, path)
    for row, estimate in zip(result.chips, chipsmith.estimate(path, chips=("nano-64", "edge-256")), strict=True):
        totals = estimate.inference
        assert (row.cold.cycles, row.warm.cycles) == (totals.latency.cold_cycles, totals.latency.warm_cycles)
        assert row.cold.read_bytes + row.cold.written_bytes == totals.external_bytes
        assert row.to_json()["energy_uj"] == pytest.approx(totals.energy_uj)
        assert sum(row.to_json()["energy_by_component_uj"].values()) == pytest.approx(totals.energy_uj)


def test_the_object_says_how_each_figure_was_obtained(result):
    plain = json.loads(json.dumps(result.to_json()))
    assert plain["parameters"] == {
        "input": [1, 6, 6, 4],
        "filters": 8,
        "size": [3, 3],
        "stride": [1, 1],
        "padding": "same",
        "dilation": [1, 1],
        "groups": 1,
    }
    assert plain["inputs"] == [{"name": "input", "dtype": "int8", "shape": [1, 6, 6, 4]}]
    assert plain["chips"][0]["obtained"] == {
        "cycles": "simulated",
        "bits": "simulated",
        "energy": "estimated",
        "area": "estimated",
    }
    assert plain["chips"][1]["macs"] == 6 * 6 * 8 * 4 * 9
    assert plain["check"]["verdict"] == "right"


def test_this_computer_times_the_same_kernel():
    result = chipsmith.kernel("softmax", parameters={"input": "4x8"}, inferences=5)
    rows = {(row.target, row.options.runtime, row.options.precision): row for row in result.timings}
    assert ("cpu", "onnxruntime", "float32") in rows
    assert ("cpu", "onnxruntime", "int8") in rows
    for row in result.timings:
        assert row.latency.samples_us.shape == (5,)
        assert 0 < row.latency.p50_us <= row.latency.p99_us
        assert result.ratio(row, result.chips[0]) == pytest.approx(row.latency.p50_us / result.chips[0].warm_us)
    assert result.check.source.startswith("PyTorch")
    assert result.processor.simd
    assert all(row.reason for row in result.left_out)


def test_without_pytorch_the_float_network_is_run(monkeypatch):
    monkeypatch.setattr(flow, "_has_torch", lambda: False)
    result = chipsmith.kernel("gelu", parameters={"input": "2x8"}, inferences=2)
    assert result.check.source.startswith("Chipsmith's float interpreter")
    assert any(row.target == "cpu" for row in result.timings)


def test_what_does_not_run_here_is_left_out_with_its_reason(monkeypatch):
    def refuse(*_):
        raise BadInput("it is out of order")

    monkeypatch.setattr(flow, "load_target", refuse)
    result = chipsmith.kernel("gelu", parameters={"input": "2x8"}, inferences=2)
    assert result.timings == ()
    assert {row.reason for row in result.left_out} == {"it is out of order"}
    assert result.left_out[0].name == "cpu onnxruntime float32"


def test_every_way_has_the_threads_that_were_asked_for():
    ways = list(ComputerAsk(threads=2).ways())
    assert {options.threads for target, options in ways if target in ("cpu", "torch")} == {2}


def test_the_page_holds_the_roofs_and_the_figures(tmp_path):
    path = tmp_path / "kernel.html"
    chipsmith.kernel("dense", chips=("nano-64", "edge-256"), no_computer=True, html=path)
    page = path.read_text()
    for text in ("roof of nano-64", "roof of edge-256", "0 of 256", "simulated", "estimated"):
        assert text in page
    chipsmith.kernel("gelu", parameters={"input": "2x8"}, no_computer=True, html=path)
    assert "no multiply-accumulates" in path.read_text()


def test_the_page_has_this_computers_roof_where_it_is_asked(tmp_path, monkeypatch):
    from chipsmith.systems import host_roof
    from chipsmith.systems.comparison import Collected, MachineRoof

    roof = MachineRoof(
        machine="here", precision="float32", operations_per_s=2e10, bytes_per_s=1e10, measured=True, obtained="by hand"
    )
    monkeypatch.setattr(host_roof, "measure_host_roof", lambda *_, **__: Collected(roofs=(roof,)))
    chipsmith.kernel("dense", parameters={"input": "1x8"}, inferences=2, html=tmp_path / "kernel.html")
    page = (tmp_path / "kernel.html").read_text()
    for text in ("roof of this computer, float32", "by hand", "torch", "cpu onnxruntime int8"):
        assert text in page


def test_a_kernel_moves_its_inputs_weights_and_outputs(result):
    from chipsmith.reports.kernel_speeds import count_bytes
    from chipsmith.targets import Precision

    elements = 6 * 6 * 4 + 8 * 4 * 9 + 8 + 6 * 6 * 8
    assert count_bytes(result.kernel, Precision.INT8) == elements
    assert count_bytes(result.kernel, Precision.FLOAT32) == 4 * elements


def test_the_command_prints_a_table_or_an_object(capsys):
    words = ("conv2d", "--input", "1x6x6x4", "--filters", "8", "--chip", "nano-64,edge-256", "--no-computer")
    code, shown = run(*words, capsys=capsys)
    assert code in (None, 0)
    assert "0 of 1,152" in shown.out
    assert max(map(len, shown.out.splitlines())) < 140
    code, shown = run(*words, "--json", capsys=capsys)
    assert json.loads(shown.out)["kernel"] == "conv2d"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["conv4d"], "there is no kernel 'conv4d'"),
        (["softmax", "--filters", "3"], "kernel softmax has no filters; it takes input"),
        (["conv2d", "--input", "32x32"], "input is batch x height x width x channels"),
        (["conv2d", "--dtype", "int4"], "dtype is int8 or int16; 'int4' is given"),
        (["conv2d", "--chip", "edge-25"], "edge-25"),
        (["conv2d", "--inferences", "0"], "inferences is 1 or more"),
        (["conv2d", "--threads", "0"], "threads is 1 or more"),
        (["conv2d", "--html", "/nowhere/at/all.html", "--no-computer"], "/nowhere/at"),
    ],
)
def test_a_slip_is_told_in_a_line(words, message, capsys):
    code, shown = run(*words, capsys=capsys)
    assert code == 2
    assert message in shown.err
    assert shown.err.count("\n") == 1


def test_int16_has_wider_activations_and_more_signal():
    results = {
        dtype: chipsmith.kernel("matmul", parameters={"input": "1x8x8", "columns": 8}, dtype=dtype, no_computer=True)
        for dtype in ("int8", "int16")
    }
    assert results["int16"].to_json()["inputs"][0]["dtype"] == "int16"
    ratios = {dtype: result.check.outputs[0].sqnr_db for dtype, result in results.items()}
    assert ratios["int16"] > ratios["int8"] + 30
    assert results["int16"].chips[0].cold.cycles > results["int8"].chips[0].cold.cycles


def test_the_same_seed_gives_the_same_object():
    first, second = (chipsmith.kernel("gru-cell", parameters={"hidden": 8}, no_computer=True, seed=4) for _ in range(2))
    assert first.to_json() == second.to_json()
    constants = first.kernel.network.graph.constants
    other = chipsmith.kernel("gru-cell", parameters={"hidden": 8}, no_computer=True, seed=5).kernel.network.graph
    assert any((constants[name] != other.constants[name]).any() for name in constants if name in other.constants)
    assert np.isfinite(first.chips[0].warm_us)
