"""The pictures of what the verbs return, by name: those of the pages, and those that only Python has."""

from __future__ import annotations

from collections.abc import Mapping

from chipsmith.deployment.prediction import Predicted
from chipsmith.flow.compress import Compressed
from chipsmith.flow.explain import Explanation
from chipsmith.flow.records import training_record
from chipsmith.flow.results import Estimates, QuantumRunResult, RunResult, SimResult, TrainResult
from chipsmith.flow.search import Searched
from chipsmith.reports.answers import draw_answers
from chipsmith.reports.charts import Chart
from chipsmith.reports.comparison.page import draw_comparison_charts
from chipsmith.reports.comparison.result import RunComparison
from chipsmith.reports.compression import draw_compression_charts
from chipsmith.reports.html import draw_body
from chipsmith.reports.kernels import draw_kernel_charts
from chipsmith.reports.overviews import draw_chips, draw_layer_errors, draw_time_shares
from chipsmith.reports.quantum.page import draw_quantum_body
from chipsmith.reports.quantum.record import QuantumRunRecord
from chipsmith.reports.record import RunRecord
from chipsmith.reports.scaling import draw_scaling_charts
from chipsmith.reports.search import draw_search_charts
from chipsmith.reports.sections.advice import draw_advice
from chipsmith.reports.sections.training import draw_curves
from chipsmith.studies.kernel_results import KernelResult
from chipsmith.studies.result import Compression
from chipsmith.studies.scaling.curve import Scaling
from chipsmith.studies.search.result import SearchResult
from chipsmith.witness.diff.compare import Diff


def list_pictures(value: object) -> Mapping[str, Chart]:
    """The charts of a value by name, the most asked for first; none where it has none."""
    match value:
        case RunResult() | QuantumRunResult() | Compressed() | Searched():
            return list_pictures(value.record if isinstance(value, RunResult | QuantumRunResult) else value.result)
        case RunRecord():
            return _first(draw_body(value).charts, "latency")
        case QuantumRunRecord():
            return draw_quantum_body(value).charts
        case TrainResult():
            return draw_curves(training_record(value.training))
        case Estimates():
            return {"chips": draw_chips({estimate.chip.name: estimate.inference for estimate in value})}
        case SimResult():
            return {"time": draw_time_shares(value.time_shares)}
        case Diff():
            return {"layers": draw_layer_errors(value)}
        case Explanation():
            return draw_advice(value.advice).charts
        case RunComparison():
            return draw_comparison_charts(value)
        case Predicted():
            return draw_answers(value)
        case Scaling():
            return draw_scaling_charts(value)
        case SearchResult():
            return draw_search_charts(value)
        case Compression():
            return draw_compression_charts(value)
        case KernelResult():
            return draw_kernel_charts(value)
    return {}


def _first(charts: Mapping[str, Chart], name: str) -> Mapping[str, Chart]:
    return {each: charts[each] for each in (name, *charts) if each in charts}
