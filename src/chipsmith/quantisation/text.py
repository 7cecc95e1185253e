"""A plan as text: which tensors are rounded, to which integers, and whose they are."""

from __future__ import annotations

from collections.abc import Iterator

from chipsmith.quantisation.network import FloatNetwork
from chipsmith.quantisation.plan import Quantisation, QuantisationPlan
from chipsmith.quantisation.quantise import QuantisationReport, QuantisationTrial

_HEADER = ("tensor", "bits", "scale", "zero point", "range", "author's operator")


def format_plan(network: FloatNetwork, plan: QuantisationPlan) -> str:
    """A table with a line for each tensor of the plan, inputs and computed tensors in the graph's order, then weights.

    Weights with several scales show the least and the greatest.
    """
    rows = [_HEADER, *_list_rows(network, plan)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADER))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join(lines) + "\n"


def _list_rows(network: FloatNetwork, plan: QuantisationPlan) -> Iterator[tuple[str, ...]]:
    graph = network.graph
    producers = {name: operator.name for operator in graph.operators for name in operator.outputs}
    readers = {name: operator.name for operator in graph.operators for name in operator.inputs}
    for name in (*graph.inputs, *producers, *graph.constants):
        if name in plan.tensors:
            operator = readers.get(name, "") if name in graph.constants else producers.get(name, "")
            yield (name, *_cells(plan.tensors[name]), network.origins.get(operator, operator or "input"))


def _cells(quantisation: Quantisation) -> tuple[str, ...]:
    scales, zeros = quantisation.scale, quantisation.zero_point
    low, high = quantisation.limits
    least = ((low - zeros) * scales).min()
    greatest = ((high - zeros) * scales).max()
    scale = f"{scales.min():.6g}"
    if scales.size > 1:
        scale += f" to {scales.max():.6g} ({scales.size} along axis {quantisation.axis})"
    points = sorted({int(zero) for zero in zeros})
    zero = str(points[0]) if len(points) == 1 else f"{points[0]} to {points[-1]}"
    return str(quantisation.width), scale, zero, f"{least:.4g} to {greatest:.4g}"


def format_report(report: QuantisationReport, *, most: int = 5) -> str:
    """What each choice brought, and the `most` tensors that rounding changes most, a line each, with what is judged."""
    judged = f"over {report.judges} others" if report.judges else "over the same: too few to judge choices"
    ranges = f"ranges by {report.method}, chosen over {report.inputs} inputs"
    lines = [f"{ranges}; dB of the outputs against float, {judged}:"]
    lines += [_tell_trial(trial) for trial in report.trials]
    names = {each.tensor: f"{each.operator} ({each.tensor})" for each in report.sensitivities}
    lines += [f"16 bits: {', '.join(names.get(tensor, tensor) for tensor in report.wide)}"] if report.wide else []
    if report.sensitivities:
        every = report.inputs + report.judges
        lines.append(f"rounded worst, dB of a tensor's own values over all {every} inputs (outputs may be nearer):")
    lines += [f"  {each.operator} ({each.tensor}): {each.sqnr_db:.1f} dB" for each in report.sensitivities[:most]]
    return "\n".join(lines) + "\n"


def _tell_trial(trial: QuantisationTrial) -> str:
    reason = f"; {trial.reason}" if trial.reason else ""
    return f"  {trial.choice}: {trial.sqnr_db:.1f} dB ({'kept' if trial.kept else 'not kept'}{reason})"
