"""A program that listens: decisions, times and figures, on sound, rows and texts."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import soundfile
import torch
from tones import RATE_HZ, deploy, tone

import chipsmith
from chipsmith.costs import estimate_energy, leakage_power
from chipsmith.deployment.language import Writing
from chipsmith.deployment.predict import predict_raw, read_deployment
from chipsmith.deployment.streaming.detection import DetectionRule
from chipsmith.deployment.streaming.replay import replay
from chipsmith.deployment.streaming.settings import StreamSettings, TunedSettings
from chipsmith.errors import BadInput
from chipsmith.learn.data import CharactersData, DigitsData, SeriesTableData, TableData
from chipsmith.learn.data.joined_sound import JoinedSound
from chipsmith.program.actions import count_program
from chipsmith.sim import cycle

GRID = 64
"""Samples from one spectrum to the next."""
LOW_THEN_HIGH = np.concatenate([tone(300, 0.6), tone(2_000, 0.6, seed=1)])


def test_decisions_come_with_their_times(listener):
    decisions = list(chipsmith.stream(listener, LOW_THEN_HIGH, rate=RATE_HZ))
    assert [decision.time_s for decision in decisions[:3]] == [0.02, 0.04, 0.06]
    assert {decision.answer["class"] for decision in decisions if 0.42 < decision.time_s <= 0.6} == {"low"}
    assert {decision.answer["class"] for decision in decisions if decision.time_s > 1.02} == {"high"}
    late = [decision.decided_s - decision.time_s for decision in decisions]
    assert all(
        each == pytest.approx((decision.host_us + decision.chip_us) / 1e6)
        for each, decision in zip(late, decisions, strict=True)
    )


def test_the_window_that_predict_gets_gets_the_same_answer(listener, tmp_path):
    """The last window of the stream as a file of its own."""
    stream = chipsmith.stream(listener, LOW_THEN_HIGH, rate=RATE_HZ)
    last = list(stream)[-1]
    length = read_deployment(listener, name="tones").preprocessing.reader.samples
    window = LOW_THEN_HIGH[last.window_end - length : last.window_end]
    soundfile.write(tmp_path / "w.wav", window, RATE_HZ, subtype="FLOAT")
    (prediction,) = predict_raw(listener, [str(tmp_path / "w.wav")], writing=Writing(), name="tones").predictions
    assert last.answer["probabilities"] == prediction.answer["probabilities"]


def test_many_windows_at_a_time_have_the_bits_of_the_stream(listener):
    streamed = list(chipsmith.stream(listener, LOW_THEN_HIGH, rate=RATE_HZ, every=3))
    sound = JoinedSound(samples=LOW_THEN_HIGH, rate_hz=RATE_HZ, words=())
    replayed = replay(listener, read_deployment(listener, name="tones"), sound, StreamSettings(every=3))
    assert replayed.times_s.tolist() == [decision.time_s for decision in streamed]
    names = read_deployment(listener, name="tones").class_names
    rows = [[decision.answer["probabilities"][name] for name in names] for decision in streamed]
    np.testing.assert_array_equal(replayed.probabilities, rows)


def test_the_chips_time_is_constant_after_the_first(listener):
    stream = chipsmith.stream(listener, LOW_THEN_HIGH, rate=RATE_HZ)
    chip_us = [decision.chip_us for decision in stream]
    clock = listener.chip.clock_mhz
    assert chip_us[0] == cycle.simulate(listener).latency_cycles / clock
    assert set(chip_us[1:]) == {cycle.simulate(listener, warm=True).latency_cycles / clock}


def test_an_hours_energy_is_that_of_its_inferences_and_of_leakage(listener):
    stream = chipsmith.stream(listener, LOW_THEN_HIGH, rate=RATE_HZ, every=5)
    summary = stream.summary
    cycles = cycle.simulate(listener, warm=True).latency_cycles
    warm = estimate_energy(listener.chip, count_program(listener, warm=True), cycles=cycles).dynamic_pj
    leakage_j = leakage_power(listener.chip).value * 3.6
    assert summary.energy_j_per_hour == pytest.approx(36_000 * warm * 1e-12 + leakage_j)
    assert summary.duty == pytest.approx(summary.rhythm.latency_us(1) / 100_000)


def test_sound_of_another_rate_is_answered_as_often(listener):
    """What is resampled comes hop by hop, a few milliseconds late, and no inference waits for a block of it."""
    own = list(chipsmith.stream(listener, LOW_THEN_HIGH, rate=RATE_HZ))
    for rate_hz in (16_000, 44_100):
        sound = np.concatenate([tone(500, 0.6, rate_hz=rate_hz), tone(2_500, 0.6, rate_hz=rate_hz)])
        stream = chipsmith.stream(listener, sound, rate=rate_hz)
        decisions = list(stream)
        assert abs(len(decisions) - len(own)) <= 2
        steps = np.diff([decision.time_s for decision in decisions[:-1]])
        assert steps == pytest.approx(0.02, abs=1 / rate_hz)
        late = decisions[30].time_s * RATE_HZ - decisions[30].window_end
        assert 0 <= late <= 0.008 * RATE_HZ + GRID


def test_where_windows_move_seldom_only_inferences_that_ran_are_counted(listener):
    stream = chipsmith.stream(listener, LOW_THEN_HIGH, rate=RATE_HZ, hop_ms=1)
    count = len(list(stream))
    summary = stream.summary
    assert count + summary.skipped == summary.hops == 1_200
    assert count == len(LOW_THEN_HIGH) // GRID
    assert summary.duty == pytest.approx(count * summary.rhythm.latency_us(1) / 1.2e6)
    leakage = summary.rhythm.leakage_j_per_hour
    assert summary.energy_j_per_hour - leakage == pytest.approx(
        count / 1.2 * 3600 * summary.rhythm.warm_dynamic_pj * 1e-12
    )
    assert any(f"{summary.skipped:,} were not run" in sentence for sentence in summary.to_json()["notes"])


def test_windows_that_are_not_full_yet_are_told(listener):
    stream = chipsmith.stream(listener, LOW_THEN_HIGH, rate=RATE_HZ)
    full = [decision.to_json()["window_full"] for decision in stream]
    assert full == sorted(full)
    assert stream.summary.part_filled == full.count(False) > 0
    assert full[-1]


def test_what_a_file_of_sound_says_itself_is_not_taken_from_options(listener, tmp_path):
    soundfile.write(tmp_path / "tone.wav", LOW_THEN_HIGH, RATE_HZ)
    stream = chipsmith.stream(listener, tmp_path / "tone.wav", rate=16_000, channels=2)
    list(stream)
    rate, others = stream.summary.notes
    assert "says itself that it has 8000 samples a second: --rate is not used" in rate
    assert "--format and --channels are not used" in others
    same = chipsmith.stream(listener, tmp_path / "tone.wav", rate=RATE_HZ)
    assert same.summary.notes == ()


def test_the_summary_counts_what_was(listener):
    stream = chipsmith.stream(listener, LOW_THEN_HIGH, rate=RATE_HZ, every=2)
    count = len(list(stream))
    summary = stream.summary
    assert (summary.hops, summary.inferences, summary.seconds, summary.seen) == (60, count, 1.2, 9_600)
    assert count == 30
    assert 0 < summary.host.p50_us <= summary.host.p99_us <= summary.host.worst_us
    assert repr(stream) == f"LiveStream({summary.network} on the samples, 30 inferences so far)"


def test_work_longer_than_a_hop_misses_the_deadline(listener, monkeypatch):
    stream = chipsmith.stream(listener, LOW_THEN_HIGH[:1_600], rate=RATE_HZ)
    slow = dataclasses.replace(stream._rhythm, warm_cycles=int(0.021 * listener.chip.clock_hz))
    monkeypatch.setattr(stream, "_rhythm", slow)
    list(stream)
    assert stream.summary.deadline_misses == 9  # all but the cold one
    assert stream.summary.duty > 1


def test_a_threshold_tells_moments_alone(listener):
    stream = chipsmith.stream(
        listener, LOW_THEN_HIGH, rate=RATE_HZ, threshold=0.7, smooth_ms=60, refractory_ms=2_000, detect=["high"]
    )
    (noticed,) = [decision for decision in stream if decision.detected]
    assert 0.6 < noticed.time_s < 1.0
    assert stream.summary.detections == ((noticed.time_s, "high"),)


def test_what_was_tuned_stands_beside_the_program_and_options_replace_it(listener_file):
    rule = DetectionRule(classes=("high",), threshold=0.7, smooth_ms=40)
    saved = StreamSettings(every=2, rule=rule)
    TunedSettings.of(listener_file, saved, tuned_on="tones").write(listener_file)
    assert chipsmith.stream(listener_file.parent, LOW_THEN_HIGH, rate=RATE_HZ).settings == saved
    asked = chipsmith.stream(listener_file, LOW_THEN_HIGH, rate=RATE_HZ, threshold=0.9, every=1).settings
    assert asked == StreamSettings(every=1, rule=rule.model_copy(update={"threshold": 0.9}))


def test_what_was_tuned_for_other_bytes_is_refused(listener_file):
    TunedSettings.of(listener_file, StreamSettings(), tuned_on="tones").write(listener_file)
    listener_file.write_bytes(listener_file.read_bytes() + b" ")
    with pytest.raises(BadInput):
        chipsmith.stream(listener_file, LOW_THEN_HIGH, rate=RATE_HZ)


def test_chunks_of_any_size_are_one_sound(listener):
    chunks = (LOW_THEN_HIGH[place : place + 777] for place in range(0, len(LOW_THEN_HIGH), 777))
    streams = [chipsmith.stream(listener, source, rate=RATE_HZ) for source in (chunks, LOW_THEN_HIGH)]
    first, second = ([decision.answer for decision in stream] for stream in streams)
    assert first == second


def test_the_object_has_all_decisions(listener):
    content = chipsmith.stream(listener, LOW_THEN_HIGH[:1_600], rate=RATE_HZ).to_json()
    assert json.loads(json.dumps(content)) == content
    assert len(content["decisions"]) == content["inferences"] == 10
    assert content["host"]["kind"] == "measured"
    assert content["on_chip"]["time_kind"] == "simulated"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "say how many samples a second the source has"),
        ({"rate": 0.0}, "--rate is a number of samples"),
        ({"rate": 8_000, "hop_ms": 0.1}, "--hop is from 1 to 60000"),
        ({"rate": 8_000, "every": 0}, "--every is a number of hops"),
        ({"rate": 8_000, "smooth_ms": 100}, "need --threshold"),
        ({"rate": 8_000, "threshold": 1.5}, "--threshold is a probability"),
        ({"rate": 8_000, "threshold": 0.5, "detect": ["middle"]}, "knows no class middle; it knows high, low"),
        ({"rate": 8_000, "sample_format": "mp3"}, "'mp3' is no format"),
        ({"rate": 8_000, "channels": 0}, "--channels is from 1 to 64"),
    ],
)
def test_settings_of_no_sense_are_refused(listener, arguments, message):
    with pytest.raises(BadInput, match=message):
        chipsmith.stream(listener, LOW_THEN_HIGH, **arguments)


def test_a_program_without_a_deployment_is_refused(listener):
    bare = dataclasses.replace(listener, manifest=dataclasses.replace(listener.manifest, deployment=None))
    with pytest.raises(BadInput, match="takes and gives integers alone"):
        chipsmith.stream(bare, LOW_THEN_HIGH, rate=RATE_HZ)


def test_a_program_of_images_is_refused():
    data = DigitsData().load(seed=0)
    size = int(np.prod(data.input_shape))
    program = deploy(torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(size, 10)), data)
    with pytest.raises(BadInput, match="takes images, which come one by one: `chipsmith predict`"):
        chipsmith.stream(program, "digits.png")


# --- rows and texts --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def walker(tmp_path_factory):
    """A series of two channels: rising or falling by the sum of the first."""
    generator = np.random.default_rng(0)
    lines = ["run,force,speed,way"]
    for run in range(20):
        way = "up" if run % 2 else "down"
        lines += [
            f"{run},{generator.normal(1 if run % 2 else -1):.3f},{generator.normal():.3f},{way}" for _ in range(5)
        ]
    path = tmp_path_factory.mktemp("walk") / "log.csv"
    path.write_text("\n".join(lines) + "\n")
    data = SeriesTableData(path=str(path), series="run", values=("force", "speed"), target="way").load(seed=0)
    linear = torch.nn.Linear(10, 2)
    with torch.no_grad():
        linear.weight.copy_(torch.tensor([[-0.5, 0] * 5, [0.5, 0] * 5]))
        linear.bias.zero_()
    return deploy(torch.nn.Sequential(torch.nn.Flatten(), linear), data)


def test_rows_come_one_by_one_and_the_last_is_what_predict_says(walker, tmp_path):
    path = tmp_path / "now.csv"
    path.write_text("speed,force\n0,-1\n0,2\n0,3\n")
    decisions = list(chipsmith.stream(walker, path, rate=10))
    assert [decision.time_s for decision in decisions] == pytest.approx([0.1, 0.2, 0.3])
    assert [decision.answer["class"] for decision in decisions] == ["down", "up", "up"]
    (prediction,) = chipsmith.predict(walker, [path]).predictions
    assert decisions[-1].answer["probabilities"] == prediction.answer["probabilities"]


def test_rows_without_a_head_are_the_columns_in_order(walker):
    stream = chipsmith.stream(walker, ["1.0,0\n", "2.0,0\n"])
    assert [(decision.time_s, decision.answer["class"]) for decision in stream] == [(None, "up")] * 2
    summary = stream.summary
    assert summary.notes == ("the source does not name its columns: they are taken to be the columns force, speed",)
    assert (summary.deadline_misses, summary.energy_j_per_hour, summary.real_time_factor) == (None, None, None)


def test_an_array_is_a_series(walker):
    decisions = list(chipsmith.stream(walker, np.array([[-1.0, 0.0], [-2.0, 0.0]])))
    assert [decision.answer["class"] for decision in decisions] == ["down", "down"]


def test_an_array_may_be_in_a_file(walker, listener, tmp_path):
    np.save(tmp_path / "walk.npy", np.array([[-1.0, 0.0], [-2.0, 0.0]]))
    decisions = list(chipsmith.stream(walker, tmp_path / "walk.npy"))
    assert [decision.answer["class"] for decision in decisions] == ["down", "down"]
    np.save(tmp_path / "wide.npy", np.zeros((2, 3)))
    with pytest.raises(BadInput, match=r"rows are \(n, 2 columns\); \[2, 3\] is given"):
        chipsmith.stream(walker, tmp_path / "wide.npy").__iter__().__next__()
    np.save(tmp_path / "tone.npy", LOW_THEN_HIGH)
    from_file, in_memory = (
        chipsmith.stream(listener, source, rate=RATE_HZ) for source in (tmp_path / "tone.npy", LOW_THEN_HIGH)
    )
    assert [decision.answer for decision in from_file] == [decision.answer for decision in in_memory]
    with pytest.raises(BadInput, match="say how many samples a second the source has"):
        chipsmith.stream(listener, tmp_path / "tone.npy")


def test_an_empty_line_between_rows_is_told(walker):
    stream = chipsmith.stream(walker, ["force,speed\n", "1,0\n", "\n", "2,0\n", "\n"])
    assert len(list(stream)) == 2
    assert "the source has an empty line before line 4: passed over" in stream.summary.notes[0]


def test_rows_arrays_and_lines_may_come_one_after_the_other(walker):
    rows = [np.array([-1.0, 0.0]), np.array([[-2.0, 0.0], [-3.0, 0.0]]), "-4,0"]
    pieces = [str(decision.answer) for decision in chipsmith.stream(walker, iter(rows))]
    whole = [
        str(decision.answer) for decision in chipsmith.stream(walker, np.array([[-1, 0], [-2, 0], [-3, 0], [-4, 0]]))
    ]
    assert pieces == whole
    with pytest.raises(BadInput, match=r"rows are \(n, 2 columns\); \[1, 3\] is given"):
        list(chipsmith.stream(walker, iter([np.zeros(3)])))
    with pytest.raises(BadInput, match="an iterator of CSV lines or of arrays is taken, and int came"):
        list(chipsmith.stream(walker, iter([1])))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            ["force,speed\n", "1,1e300\n"],
            r"the source, line 2: column speed: '1e300' is beyond 3\.4e\+38, which float32",
        ),
        (["time,force\n"], "name these columns in the first line, among others if need be, or leave that line out"),
        (["force,speed\n", "1,x\n"], "the source, line 2: column speed: 'x' is no number"),
        (["force,speed\n", "1\n"], "line 2: 1 cells where there are 2 columns"),
        (["time,volts\n", "1,2\n"], "is no CSV of the columns force, speed: it begins with time, volts"),
        ([], "holds no rows of the columns force, speed"),
    ],
)
def test_rows_of_no_sense_are_refused(walker, lines, message):
    with pytest.raises(BadInput, match=message):
        list(chipsmith.stream(walker, lines))


def test_a_sound_is_no_table(walker, tmp_path):
    soundfile.write(tmp_path / "s.wav", tone(300, 0.1), RATE_HZ)
    with pytest.raises(BadInput, match=r"s\.wav is no"):
        list(chipsmith.stream(walker, tmp_path / "s.wav"))


def test_milliseconds_need_a_rate(walker):
    with pytest.raises(BadInput, match="the source has no rate"):
        chipsmith.stream(walker, ["1,0\n"], threshold=0.5)


def test_rows_of_a_table_are_examples_of_their_own(tmp_path):
    generator = np.random.default_rng(0)
    rows = generator.normal(size=(40, 2))
    path = tmp_path / "table.csv"
    path.write_text("a,b,sum\n" + "".join(f"{a:.4f},{b:.4f},{a + b:.4f}\n" for a, b in rows))
    data = TableData(path=str(path), target="sum", task="regression").load(seed=0)
    program = deploy(torch.nn.Linear(2, 1), data)
    decisions = list(chipsmith.stream(program, path))
    predictions = chipsmith.predict(program, [path]).predictions
    assert [decision.answer for decision in decisions] == [prediction.answer for prediction in predictions]


class Alphabet(torch.nn.Module):
    """After a character comes the next of eight, after the last the first."""

    def __init__(self) -> None:
        super().__init__()
        self.table = torch.nn.Embedding(9, 9)
        with torch.no_grad():
            self.table.weight.zero_()
            for token in range(1, 9):
                self.table.weight[token, 1 + token % 8] = 4.0

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.table(tokens)


def test_a_language_model_expects_the_next_token(tmp_path):
    book = tmp_path / "book.txt"
    book.write_text("abcdefgh" * 50)
    program = deploy(Alphabet(), CharactersData(path=str(book), length=6).load(seed=0))
    decisions = list(chipsmith.stream(program, ["abc", "defghab", "d"]))
    assert "".join(decision.answer["token"] for decision in decisions) == "abcdefghabd"
    assert [decision.answer["next"] for decision in decisions] == list("bcdefghabce")
    surprises = [decision.answer["surprise_bits"] for decision in decisions]
    assert surprises[0] is None
    assert max(surprises[1:10]) < 1 < surprises[10]  # d after b


def test_no_text_is_refused(tmp_path):
    book = tmp_path / "book.txt"
    book.write_text("abcdefgh" * 50)
    program = deploy(Alphabet(), CharactersData(path=str(book), length=6).load(seed=0))
    with pytest.raises(BadInput, match="holds no text"):
        list(chipsmith.stream(program, [""]))
