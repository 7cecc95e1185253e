"""Rows of this computer, on targets that take a known time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from chipsmith.chip import load_chip
from chipsmith.errors import BadInput
from chipsmith.frontends.registry import load_model
from chipsmith.profile.host_latency import HostLatency
from chipsmith.profile.profile import Evidence
from chipsmith.runtimes.energy import HostEnergy
from chipsmith.runtimes.processor import Processor
from chipsmith.systems import computer_rows, host_roof
from chipsmith.systems.c_rows import BOARDS, count_c, measure_c
from chipsmith.systems.computer_rows import CPU_FORMS, NamedNetwork, measure_cpu, measure_gpu, thread_counts
from chipsmith.systems.row import Generation
from chipsmith.targets import Missing, TargetOptions, load_target

DIGITS = Path(__file__).parents[1] / "networks" / "digits_cnn.tosa"
PROCESSOR = Processor(name="A processor", architecture="x86_64", cores=4, simd=("avx2",), operating_system="Linux")


@dataclass
class StopwatchNetwork:
    """Says of each inference that it took so many microseconds."""

    us: float
    asked: list[int]

    def run(self, *_inputs):
        return ()

    def time(self, *_inputs, inferences):
        self.asked.append(inferences)
        return HostLatency(samples_us=np.full(inferences, self.us))


class StopwatchTarget:
    name = "stopwatch"
    kind = Evidence.MEASURED
    chip = None
    obtained = "a stopwatch 1.0"

    def __init__(self, options: TargetOptions, *, us: float = 100.0, missing: tuple[Missing, ...] = ()) -> None:
        self.options, self.us, self.lacking = options, us, missing
        self.asked: list[int] = []

    def missing(self):
        return self.lacking

    def prepare(self, _network):
        if self.options.runtime == "litert":
            raise BadInput("it is no .tflite file")
        return StopwatchNetwork(self.us / (self.options.threads or 1), self.asked)


@pytest.fixture(scope="module")
def digits() -> NamedNetwork:
    return NamedNetwork(name="digits", network=load_model(str(DIGITS)))


def use(monkeypatch, make) -> list[StopwatchTarget]:
    """Targets are made by `make` of the options; gives those that were made."""
    targets: list[StopwatchTarget] = []

    def load(_name, _chip, options):
        targets.append(make(options))
        return targets[-1]

    monkeypatch.setattr(computer_rows, "load_target", load)
    monkeypatch.setattr(computer_rows, "has_counters", lambda: False)
    return targets


def count_700(_call, inferences):
    assert inferences >= 1
    return HostEnergy(energy_uj=700.0, obtained="counters")


def test_threads_double_up_to_all():
    assert [thread_counts(cores) for cores in (1, 2, 6, 8)] == [(1,), (1, 2), (1, 2, 4, 6), (1, 2, 4, 8)]


def test_a_row_for_each_form_and_number_of_threads(monkeypatch, digits):
    use(monkeypatch, StopwatchTarget)
    collected = measure_cpu([digits], load_chip("edge-256"), PROCESSOR)
    forms = [form for form in CPU_FORMS if form.runtime != "litert"]
    assert len(collected.rows) == 3 * (len(forms) + 1)
    row = collected.rows[1]
    assert (row.system, row.threads, row.generation) == ("onnxruntime, int8, 2 threads", 2, Generation.MANY_CORES)
    assert (row.latency_us, row.p99_us, row.energy_uj) == (50.0, 50.0, None)
    assert row.source == "a stopwatch 1.0; p50 and p99 of 200 warm inferences"
    assert row.hardware == "A processor (x86_64, 4 cores, avx2)"
    assert {row.generation for row in collected.rows if row.threads == 1} == {Generation.ONE_CORE}
    assert {row.precision for row in collected.rows} == {"int8", "float32"}


def test_a_form_that_refuses_the_network_is_left_out_with_its_words(monkeypatch, digits):
    use(monkeypatch, StopwatchTarget)
    collected = measure_cpu([digits], load_chip("edge-256"), PROCESSOR)
    assert [(item.what, item.reason) for item in collected.left_out] == [
        ("digits: litert, int8", "it is no .tflite file"),
        ("digits: litert, float32", "it is no .tflite file"),
    ]


def test_what_is_missing_is_left_out_with_the_command_that_mends_it(monkeypatch, digits):
    lacking = (Missing(name="openvino", mend="pip install openvino"), Missing(name="a device", mend=""))
    use(monkeypatch, lambda options: StopwatchTarget(options, missing=lacking))
    collected = measure_gpu([digits], load_chip("edge-256"), PROCESSOR)
    assert collected.rows == ()
    assert [item.reason for item in collected.left_out] == [
        "openvino is not here; mend: pip install openvino",
        "a device is not here",
    ]


@pytest.mark.parametrize(("us", "inferences"), [(1.0, 200), (20_000.0, 50), (1e6, 20)])
def test_a_slow_network_is_timed_fewer_times(monkeypatch, digits, us, inferences):
    monkeypatch.setattr(computer_rows, "_name_device", lambda: "H200, CUDA 13.0")
    targets = use(monkeypatch, lambda options: StopwatchTarget(options, us=us))
    (row,) = measure_gpu([digits], load_chip("edge-256"), PROCESSOR).rows
    assert targets[0].asked == [1, inferences]
    assert (row.generation, row.hardware) == (Generation.GPU, "H200, CUDA 13.0")


def test_energy_is_the_processors_own_and_never_a_gpus(monkeypatch, digits):
    monkeypatch.setattr(computer_rows, "_name_device", lambda: "H200, CUDA 13.0")
    use(monkeypatch, StopwatchTarget)
    monkeypatch.setattr(computer_rows, "has_counters", lambda: True)
    monkeypatch.setattr(computer_rows, "measure_energy", count_700)
    assert {row.energy_uj for row in measure_cpu([digits], load_chip("edge-256"), PROCESSOR).rows} == {700.0}
    assert {row.energy_uj for row in measure_gpu([digits], load_chip("edge-256"), PROCESSOR).rows} == {None}


def test_the_roof_is_operations_and_bytes_over_the_best_time(monkeypatch):
    monkeypatch.setattr(host_roof, "_best_seconds", lambda _work: 0.5)
    roofs = host_roof.measure_host_roof("here", threads=2).roofs
    assert roofs[0].operations_per_s == 2 * 1024**3 / 0.5
    assert roofs[0].bytes_per_s == 3 * 4 * (1 << 24) / 0.5
    assert roofs[0].precision == "float32"
    assert all(roof.measured for roof in roofs)


def test_c_is_timed_here_where_there_is_a_compiler(digits):
    chip = load_chip("edge-256")
    if load_target("c", chip).missing():
        pytest.skip("no C compiler is here")
    (row,) = measure_c([digits], chip, PROCESSOR).rows
    assert (row.how, row.generation, row.instructions) == (Evidence.MEASURED, Generation.ONE_CORE, None)
    assert 0 < row.latency_us <= row.p99_us


def test_c_is_counted_on_boards_and_has_no_time_there(digits):
    chip = load_chip("edge-256")
    if any(load_target("c", chip, TargetOptions(board=board)).missing() for board in BOARDS):
        pytest.skip("a cross compiler or an emulator is missing")
    rows = count_c([digits], chip).rows
    assert [row.system.partition(",")[0] for row in rows] == list(BOARDS)
    assert all(row.how is Evidence.SIMULATED and row.latency_us is None for row in rows)
    assert all(row.instructions > 300_000 for row in rows)  # the network has 307,648 multiplications
