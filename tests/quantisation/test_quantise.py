"""The quantiser chooses what betters outputs on inputs that did not choose it, and says what each choice brought."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from float_networks import NetworkWriter, network_of, normal, write_network, write_residual

from chipsmith.errors import BadInput
from chipsmith.quantisation.equalise import equalise
from chipsmith.quantisation.network import FloatNetwork
from chipsmith.quantisation.plan import INT16_WIDTH, QuantisationPlan, quantise_tensor
from chipsmith.quantisation.planner import observe_points, observe_scaled
from chipsmith.quantisation.quality import LARGEST_DB, OutputVerdict, explain_refusal, judge_outputs, signal_to_noise_db
from chipsmith.quantisation.quantise import QuantisationReport, QuantisationResult, QuantisationTrial, quantise
from chipsmith.quantisation.rounding import evaluate_rounded, rounding_changes
from chipsmith.quantisation.sensitivity import Sensitivity, measure_tensors
from chipsmith.quantisation.settings import QuantisationSettings, RangeMethod
from chipsmith.quantisation.text import format_report
from chipsmith.tosa.floating.evaluate import evaluate_floats
from chipsmith.tosa.graph import Array, DType

IMAGE = (1, 6, 6, 4)
PLAIN = QuantisationSettings(method=RangeMethod.MINMAX, corrects_bias=False, equalises=False)
RESIDUAL = write_network(write_residual, IMAGE)


def sqnr_db(network: FloatNetwork, result: QuantisationResult, inputs: Mapping[str, Array]) -> dict[str, float]:
    """Of the outputs by name, for inputs that did not calibrate."""
    names = network.graph.outputs
    reference = evaluate_floats(network.graph, inputs, keep=names)
    rounded = evaluate_rounded(result.network.graph, result.plan, inputs, keep=names)
    return {name: signal_to_noise_db(reference[name], rounded[name]) for name in names}


def test_ranges_are_those_of_the_calibration():
    inputs = normal(5, IMAGE)
    result = quantise(RESIDUAL, inputs, PLAIN)
    values = evaluate_floats(RESIDUAL.graph, inputs, keep=["x", "second", "out"])
    for name, array in values.items():
        low, high = min(float(array.min()), 0.0), float(array.max())
        np.testing.assert_allclose(result.plan.tensors[name].scale, (high - low) / 255, rtol=1e-6)
        np.testing.assert_allclose(result.plan.tensors[name].zero_point, -128 - low * 255 / (high - low), atol=0.5)
    assert result.plan.tensors["out"].zero_point.tolist() == [-128]


def test_few_inputs_choose_all_and_judge_nothing():
    report = quantise(RESIDUAL, normal(15, IMAGE)).report
    assert (report.method, report.inputs, report.judges) == (RangeMethod.MINMAX, 15, 0)
    assert [trial.choice for trial in report.trials] == ["ranges: minmax"]


def test_what_is_kept_is_the_best_of_what_was_tried():
    report = quantise(RESIDUAL, normal(64, IMAGE)).report
    assert (report.inputs, report.judges) == (48, 16)
    ranges = [trial for trial in report.trials if trial.choice.startswith("ranges")]
    assert [trial.choice for trial in ranges] == [
        "ranges: minmax",
        "ranges: percentile",
        "ranges: mse",
        "ranges: entropy",
    ]
    (kept,) = [trial for trial in ranges if trial.kept]
    assert kept.sqnr_db >= ranges[0].sqnr_db
    best = kept.sqnr_db
    for trial in report.trials[len(ranges) :]:
        assert trial.sqnr_db > best or not trial.kept
        best = trial.sqnr_db if trial.kept else best


@pytest.mark.parametrize("method", [method for method in RangeMethod if method is not RangeMethod.AUTO])
def test_each_method_keeps_the_outputs(method):
    result = quantise(RESIDUAL, normal(64, IMAGE), QuantisationSettings(method=method))
    assert result.report.method is method
    assert min(sqnr_db(RESIDUAL, result, normal(32, IMAGE, seed=2)).values()) > 33


def test_the_same_calibration_gives_the_same_plan():
    first, second = (quantise(RESIDUAL, normal(64, IMAGE)) for _ in range(2))
    assert first.report == second.report
    assert {name: (q.scale.tolist(), q.zero_point.tolist()) for name, q in first.plan.tensors.items()} == {
        name: (q.scale.tolist(), q.zero_point.tolist()) for name, q in second.plan.tensors.items()
    }


def write_positive(writer: NetworkWriter, x: str) -> list[str]:
    """What follows a Relu has a mean, with which the error of each weight adds up."""
    return [writer.convolve(writer.clamp(x, 0.0, np.inf, name="relu"), 4, name="y", size=3, bias=0.0)]


def test_bias_correction_takes_away_the_mean_error():
    network, inputs = write_network(write_positive, (1, 8, 8, 64)), normal(64, (1, 8, 8, 64))
    plain, corrected = (
        quantise(network, inputs, QuantisationSettings(method=RangeMethod.MINMAX, equalises=False, corrects_bias=bias))
        for bias in (False, True)
    )
    other = normal(32, (1, 8, 8, 64), seed=2)
    exact = evaluate_floats(network.graph, other, keep=["y"])["y"]
    errors = [
        np.abs((evaluate_rounded(r.network.graph, r.plan, other, keep=["y"])["y"] - exact).mean(axis=(0, 1, 2, 3)))
        for r in (plain, corrected)
    ]
    assert errors[1].max() < errors[0].max() / 2
    assert corrected.report.trials[-1].kept
    assert sqnr_db(network, corrected, other)["y"] > sqnr_db(network, plain, other)["y"]


def write_unequal(writer: NetworkWriter, x: str, *, depthwise: bool = False, limit: float = np.inf) -> list[str]:
    """Channels from 1 to 1000 between two convolutions of which each counts alike in the second's sums."""
    sizes = np.geomspace(1.0, 1000.0, 8)
    first = writer.convolve(x, 8, name="first", scale=sizes, bias=0.0)
    between = writer.clamp(first, 0.0, limit, name="relu")
    if depthwise:
        deep = writer.convolve(between, 8, name="deep", size=3, depthwise=True, scale=1 / sizes)
        return [writer.convolve(deep, 2, name="y")]
    writer.scope = "second"
    weights = writer.random.normal(size=(2, 1, 1, 8)) / sizes
    attributes = {"pad": (0,) * 4, "stride": (1, 1), "dilation": (1, 1), "local_bound": False, "acc_type": "FP32"}
    zeros = [writer.real([0.0]), writer.real([0.0])]
    operands = [between, writer.real(weights), writer.real([0.1]), *zeros]
    return [writer.emit("CONV2D", operands, (1, 6, 6, 2), DType.FP32, attributes)]


@pytest.mark.parametrize("depthwise", [False, True])
def test_equalised_channels_use_their_range_alike(depthwise):
    network = write_network(lambda writer, x: write_unequal(writer, x, depthwise=depthwise), IMAGE)
    inputs, other = normal(64, IMAGE), normal(32, IMAGE, seed=2)
    equal = equalise(network, observe_points(network.graph, inputs).channels).network
    (output,) = network.graph.outputs
    before, after = (evaluate_floats(graph, other, keep=[output])[output] for graph in (network.graph, equal.graph))
    np.testing.assert_allclose(after, before, rtol=1e-4, atol=1e-4)

    plain, result = quantise(network, inputs, PLAIN), quantise(network, inputs)
    assert any(trial.choice == "equalised channels" and trial.kept for trial in result.report.trials)
    assert sqnr_db(network, result, other)[output] > sqnr_db(network, plain, other)[output] + 6


def test_a_limit_above_forbids_equalisation():
    network = write_network(lambda writer, x: write_unequal(writer, x, limit=6.0), IMAGE)
    assert equalise(network, observe_points(network.graph, normal(8, IMAGE)).channels).network is network


def test_layers_between_equalised_convolutions_are_no_longer_the_author_s():
    network = write_network(write_unequal, IMAGE)
    layered = network_of(network.graph, layers=["first", "relu", *network.graph.outputs])
    equal = equalise(layered, observe_points(network.graph, normal(8, IMAGE)).channels).network
    assert [layer.name for layer in equal.layers] == list(network.graph.outputs)


@pytest.mark.parametrize("depthwise", [False, True])
def test_what_equalisation_does_not_scale_was_seen_before(depthwise):
    network = write_network(lambda writer, x: write_unequal(writer, x, depthwise=depthwise), IMAGE)
    inputs = normal(64, IMAGE)
    seen = observe_points(network.graph, inputs)
    equal = equalise(network, seen.channels)
    again = observe_scaled(seen, equal.network.graph, inputs, scaled=equal.scaled)
    whole = observe_points(equal.network.graph, inputs)
    assert again.histograms.keys() == whole.histograms.keys()
    for name, histogram in whole.histograms.items():
        ranges = [(each.low, each.high) for each in (again.histograms[name].range, histogram.range)]
        np.testing.assert_allclose(*ranges, rtol=1e-5)
    for name, channels in whole.channels.items():
        np.testing.assert_allclose(again.channels[name].largest, channels.largest, rtol=1e-5)
    assert again.channels["relu"].largest.min() > 10 * seen.channels["relu"].largest.min()


def test_named_operators_get_16_bits():
    result = quantise(RESIDUAL, normal(8, IMAGE), QuantisationSettings(wide=("first", "x")))
    assert result.report.wide == ("x", "relu")
    assert result.plan.tensors["relu"].width == INT16_WIDTH
    assert result.plan.tensors["relu"].zero_point.tolist() == [0]


def test_a_name_of_nothing_is_refused_with_what_was_meant():
    with pytest.raises(BadInput, match="no rounded tensor or operator is called 'secnd'; did you mean 'second'"):
        quantise(RESIDUAL, normal(8, IMAGE), QuantisationSettings(wide=("secnd",)))


def test_tensors_get_16_bits_until_the_target_is_reached():
    inputs, other = normal(64, IMAGE), normal(32, IMAGE, seed=2)
    base = quantise(RESIDUAL, inputs)
    target = max(trial.sqnr_db for trial in base.report.trials) + 1
    result = quantise(RESIDUAL, inputs, QuantisationSettings(target_db=target))
    assert 0 < len(result.report.wide) < 4
    assert max(trial.sqnr_db for trial in result.report.trials) >= target
    assert min(sqnr_db(RESIDUAL, result, other).values()) > min(sqnr_db(RESIDUAL, base, other).values())


def test_outputs_that_reach_the_target_cost_no_evaluation_for_each_tensor(monkeypatch):
    evaluations = []

    def evaluate(graph, inputs, **arguments):
        evaluations.append(graph)
        return evaluate_floats(graph, inputs, **arguments)

    monkeypatch.setattr("chipsmith.quantisation.sensitivity.evaluate_floats", evaluate)
    inputs = normal(64, IMAGE)
    base = quantise(RESIDUAL, inputs)
    assert not evaluations
    reached = max(trial.sqnr_db for trial in base.report.trials)
    quantise(RESIDUAL, inputs, QuantisationSettings(target_db=reached + 1))
    assert len(evaluations) > len(base.report.sensitivities)


def test_the_most_sensitive_tensor_is_the_first():
    ranked = quantise(RESIDUAL, normal(8, IMAGE), PLAIN).report.sensitivities
    assert [each.sqnr_db for each in ranked] == sorted(each.sqnr_db for each in ranked)
    assert {each.tensor: each.operator for each in ranked}["relu"] == "relu"
    inputs = normal(8, IMAGE)
    rounded = evaluate_rounded(RESIDUAL.graph, quantise(RESIDUAL, inputs, PLAIN).plan, inputs, keep=["x"])["x"]
    measured = {each.tensor: each.sqnr_db for each in ranked}["x"]
    assert measured == pytest.approx(signal_to_noise_db(inputs["x"], rounded), abs=0.5)


def test_slices_of_unlike_sizes_have_ranges_of_their_own():
    """Halves of a product of which the second is a hundred times as small."""

    def write(writer, x):
        product = writer.convolve(x, 8, name="product", scale=[1.0] * 4 + [0.01] * 4, bias=0.0)
        halves = []
        for index, name in enumerate(("low", "high")):
            writer.scope = name
            part = writer.slice(product, (0, 0, 0, 4 * index), (1, 6, 6, 4))
            halves.append(writer.convolve(part, 40, name=f"y{index}", bias=0.0))
        return halves

    network = write_network(write, IMAGE)
    result = quantise(network, normal(16, IMAGE), PLAIN)
    assert "product" not in result.plan.tensors
    assert min(sqnr_db(network, result, normal(16, IMAGE, seed=2)).values()) > 30


def test_joined_outputs_of_unlike_sizes_keep_their_steps():
    """Boxes of some hundred pixels beside scores from 0 to 1, as detectors give them."""

    def write(writer, x):
        boxes = writer.apply("MUL", writer.convolve(x, 40, name="sizes"), writer.real([[[[200.0]]]]), name="boxes")
        scores = writer.apply("SIGMOID", writer.convolve(x, 40, name="logits"), name="scores")
        writer.scope = "detections"
        return [writer.concat([boxes, scores], 3)]

    network = write_network(write, IMAGE)
    result = quantise(network, normal(64, IMAGE), PLAIN)
    (output,) = network.graph.outputs
    assert output not in result.plan.tensors
    inputs = normal(16, IMAGE, seed=2)
    exact = evaluate_floats(network.graph, inputs, keep=[output])[output]
    rounded = evaluate_rounded(result.network.graph, result.plan, inputs, keep=[output])[output]
    assert signal_to_noise_db(exact[..., :40], rounded[..., :40]) > 30
    assert signal_to_noise_db(exact[..., 40:], rounded[..., 40:]) > 30


def test_masks_of_minus_infinity_leave_the_scores_their_steps():
    def write(writer, x):
        scores = writer.apply("ADD", x, writer.real(np.triu(np.full((1, 8, 8), -np.inf), 1)), name="scores")
        return [writer.matmul(writer.softmax(scores, name="shares"), x, name="y")]

    network = write_network(write, (1, 8, 8))
    result = quantise(network, normal(16, (1, 8, 8)), PLAIN)
    assert result.plan.tensors["scores"].scale[0] < 0.1
    assert sqnr_db(network, result, normal(16, (1, 8, 8), seed=2))["y"] > 25


def test_rows_of_a_table_that_no_input_chose_are_within_its_range():
    writer = NetworkWriter()
    index = writer.enter("index", (1, 3), DType.INT32)
    table = np.arange(10, dtype=np.float32).reshape(1, 10, 1)
    writer.scope = "rows"
    rows = writer.emit("GATHER", [writer.real(table), index], (1, 3, 1), DType.FP32)
    network = network_of(writer.finish("table", [rows]))
    result = quantise(network, {"index": np.zeros((4, 1, 3), np.int32)}, PLAIN)
    np.testing.assert_allclose(result.plan.tensors["rows"].scale, 9 / 255, rtol=1e-6)


def test_a_border_keeps_its_author_s_integers():
    encoding = quantise_tensor(0.5, 3)
    network = write_network(lambda writer, x: [writer.convolve(x, 2, name="y")], (1, 2, 2, 4))
    ports = [type(port)(**{**vars(port), "encoding": encoding}) for port in (*network.inputs, *network.outputs)]
    coded = FloatNetwork(graph=network.graph, inputs=(ports[0],), outputs=(ports[1],))
    plan = quantise(coded, normal(4, (1, 2, 2, 4)), PLAIN).plan
    assert plan.tensors["x"] is encoding
    assert plan.tensors["y"] is encoding


def test_labels_count_as_right_or_wrong():
    reference = np.array([1, 2, 3, 4])
    assert signal_to_noise_db(reference, reference) == LARGEST_DB
    assert signal_to_noise_db(reference, np.array([1, 2, 3, 5])) == pytest.approx(10 * np.log10(4))
    assert judge_outputs({}, {}).sqnr_db == LARGEST_DB


def test_a_choice_has_to_better_more_inputs_than_chance_would():
    """A single input that gains much, or gains that are as often losses, are no reason."""
    base = OutputVerdict(sqnr_db=30.0, by_input=np.array([30.0, 30.0, 30.0, 30.0]))
    assert OutputVerdict(sqnr_db=31.0, by_input=np.array([31.0, 31.2, 30.8, 31.0])).betters(base)
    assert not OutputVerdict(sqnr_db=31.0, by_input=np.array([36.0, 30.0, 30.0, 30.0])).betters(base)
    assert not OutputVerdict(sqnr_db=30.1, by_input=np.array([32.0, 28.0, 32.0, 28.4])).betters(base)
    assert not OutputVerdict(sqnr_db=29.9, by_input=np.array([31.0, 31.0, 31.0, 31.0])).betters(base)


def test_outputs_are_judged_by_their_mean_share_of_noise():
    reference = {"a": np.array([[10.0], [1.0]]), "b": np.array([[1.0], [1.0]])}
    verdict = judge_outputs(reference, {"a": np.array([[10.0], [1.1]]), "b": np.array([[1.1], [1.1]])})
    np.testing.assert_allclose(verdict.by_input, [-10 * np.log10(0.01 / 2), 20.0])
    assert verdict.sqnr_db == pytest.approx(-10 * np.log10((0.01 / 101 + 0.01) / 2))


def test_signal_over_noise():
    assert signal_to_noise_db(np.array([3.0, 4.0]), np.array([3.0, 4.5])) == pytest.approx(20.0)
    assert signal_to_noise_db(np.array([2.0]), np.array([2.0])) == LARGEST_DB
    assert signal_to_noise_db(np.array([0.0]), np.array([1.0])) == -LARGEST_DB


def test_a_report_as_text():
    report = QuantisationReport(
        method=RangeMethod.MSE,
        inputs=48,
        judges=16,
        trials=(
            QuantisationTrial(choice="ranges: minmax", sqnr_db=30.04, kept=False),
            QuantisationTrial(choice="ranges: mse", sqnr_db=31.26, kept=True),
            QuantisationTrial(choice="bias correction", sqnr_db=32, kept=False, reason="it may be chance"),
        ),
        wide=("relu",),
        sensitivities=(Sensitivity(tensor="out", operator="add", sqnr_db=36.55),),
    )
    assert format_report(report).splitlines() == [
        "ranges by mse, chosen over 48 inputs; dB of the outputs against float, over 16 others:",
        "  ranges: minmax: 30.0 dB (not kept)",
        "  ranges: mse: 31.3 dB (kept)",
        "  bias correction: 32.0 dB (not kept; it may be chance)",
        "16 bits: relu",
        "rounded worst, dB of a tensor's own values over all 64 inputs (outputs may be nearer):",
        "  add (out): 36.5 dB",
    ]


def test_a_better_choice_that_is_not_kept_has_its_reason():
    """Nearer over all inputs by 2 dB, but two inputs gain and two lose."""
    kept = OutputVerdict(sqnr_db=30.0, by_input=np.array([30.0, 30.0, 30.0, 30.0]))
    other = OutputVerdict(sqnr_db=32.0, by_input=np.array([36.0, 35.0, 26.0, 27.0]))
    assert not other.betters(kept)
    assert explain_refusal(other, kept) == (
        "input by input it may be chance: +1.0 dB in the mean, with a standard error of 2.6"
    )
    assert explain_refusal(kept, other) == ""


def test_what_rounding_a_tensor_alone_does_to_the_outputs():
    """A factor of a hundred by which a tensor counts shows in the outputs, and not in its own values."""

    def write(writer, x):
        small, large = (writer.convolve(x, 8, name=name, bias=0.0) for name in ("small", "large"))
        last = writer.convolve(small, 40, name="last", bias=0.0)
        return [writer.apply("ADD", last, writer.convolve(large, 40, name="first", scale=100.0, bias=0.0), name="y")]

    network, inputs = write_network(write, IMAGE), normal(4, IMAGE)
    plan = quantise(network, inputs, PLAIN).plan
    measured = {each.tensor: each.sqnr_db for each in measure_tensors(network, plan, inputs)}
    alone = rounding_changes(network.graph, QuantisationPlan(tensors={"small": plan.tensors["small"]}))
    exact, rounded = (
        evaluate_floats(network.graph, inputs, keep=["y"], changes=changes)["y"] for changes in ({}, alone)
    )
    assert measured["small"] == pytest.approx(signal_to_noise_db(exact, rounded))
    assert measured["small"] > measured["large"] + 20
