"""What the verbs return as Python and notebooks show it: short reprs with figures, tables as HTML, pictures."""

from __future__ import annotations

import dataclasses
import enum
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from sample_results import sample_results
from tiny_run import iris_recipe, run_iris

import chipsmith
from chipsmith.api import VERBS
from chipsmith.console.advice import present_explanation
from chipsmith.console.predictions import present_predictions
from chipsmith.errors import BadInput
from chipsmith.shown import LETTERS, Several
from chipsmith.tosa.file import read_tosa
from chipsmith.units import significant

DIGITS = Path(__file__).parents[1] / "networks" / "digits_cnn.tosa"
IMAGES = np.zeros((1, 1, 28, 28), np.int8)


def made_by_verbs(folder: Path) -> Mapping[str, Callable[[], object]]:
    """What the verbs return that need some seconds and nothing that is not here, by their names."""
    compiled = chipsmith.compile(DIGITS, output=folder / "p.program")
    ran = run_iris(folder / "iris")
    key = chipsmith.keygen(output=folder / "k.pem")
    return {
        "run": lambda: ran,
        "train": lambda: chipsmith.train(iris_recipe(), out=folder / "trained"),
        "recipes": chipsmith.recipes,
        "judge": lambda: chipsmith.judge(ran),
        "report": lambda: chipsmith.report(ran),
        "check_data": lambda: chipsmith.check_data("digits"),
        "compile": lambda: compiled,
        "simulate": lambda: chipsmith.simulate(compiled, inputs=IMAGES, residue=True),
        "infer": lambda: chipsmith.infer(DIGITS, inputs=IMAGES),
        "estimate": lambda: chipsmith.estimate(DIGITS, chips="nano-64,edge-256,edge-1024"),
        "diff": lambda: chipsmith.diff(ran),
        "deploy": lambda: chipsmith.deploy(DIGITS, output=folder / "c"),
        "kernel": lambda: chipsmith.kernel("matmul", inferences=2),
        "scale": lambda: chipsmith.scale(DIGITS, over=["array", "batch"], batches=["1", "2"]),
        "keygen": lambda: key,
        "sign": lambda: chipsmith.sign(compiled, key=key.private_path),
        "verify": lambda: chipsmith.verify(compiled, key=key.public_path),
        "rtl": lambda: chipsmith.rtl(out=folder / "rtl"),
        "generations": lambda: chipsmith.generations([ran], systems=["chips"], out=folder / "g.html"),
        "chips": chipsmith.chips,
        "explain": lambda: chipsmith.explain(compiled),
        "runs": lambda: chipsmith.runs(folder),
        "compare": lambda: chipsmith.compare([ran, run_iris(folder / "iris-again")]),
        "stream": lambda: chipsmith.stream(ran, np.zeros((2, 4), np.float32)),
        "ops": chipsmith.ops,
        "bom": chipsmith.bom,
        "doctor": chipsmith.doctor,
    }


WITHOUT = {"mcp", "tune"}
"""mcp serves and returns nothing; tune needs an hour of recordings."""
SLOW = {"synth", "timing", "power", "cosim"}
"""Verbs whose results take minutes and cells of a foundry, or a build of the RTL: the slow test has them."""


def parts_of(value: object) -> Iterator[object]:
    """The values in a value, one level down."""
    if dataclasses.is_dataclass(value):
        yield from (getattr(value, field.name) for field in dataclasses.fields(value))
    elif hasattr(type(value), "model_fields"):
        yield from (getattr(value, name) for name in type(value).model_fields)
    elif isinstance(value, Mapping):
        yield from value.keys()
        yield from value.values()
    elif isinstance(value, tuple | list | set | frozenset):
        yield from value


def ours(value: object) -> bool:
    """Whether a value is of a class of Chipsmith that people meet."""
    structured = dataclasses.is_dataclass(value) or hasattr(type(value), "model_fields") or isinstance(value, Several)
    return structured and type(value).__module__.startswith("chipsmith") and not isinstance(value, type | enum.Enum)


def long_reprs(value: object, seen: dict[int, object]) -> Mapping[str, int]:
    """The longest repr of each class of which a value within `value` has one above the limit."""
    longest: dict[str, int] = {}
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen[id(part)] = part
        if ours(part) and len(repr(part)) > LETTERS:
            name = type(part).__qualname__
            longest[name] = max(longest.get(name, 0), len(repr(part)))
        waiting += parts_of(part)
    return longest


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Mapping[str, object]:
    """A result of every verb but the slow ones, by their names."""
    folder = tmp_path_factory.mktemp("results")
    return {name: make() for name, make in made_by_verbs(folder).items()} | sample_results(folder)


def test_every_verb_has_a_result_here(results):
    assert set(results) | SLOW | WITHOUT == set(VERBS)


def test_every_verbs_result_and_all_in_it_have_short_reprs(results):
    seen: dict[int, object] = {}
    assert {name: long for name, result in results.items() if (long := long_reprs(result, seen))} == {}
    assert len({type(value) for value in seen.values() if ours(value)}) > 150
    for result in results.values():
        assert len(repr(result).splitlines()) <= 3


class Tags(HTMLParser):
    """Says which elements are left open, and gathers the text and the attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: Counter[str] = Counter()
        self.text = ""
        self.styles: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.names[tag] += 1
        self.styles += [value for name, value in attrs if name == "style"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def read_html(html: str) -> Tags:
    tags = Tags()
    tags.feed(html)
    tags.close()
    assert tags.open == []
    return tags


def test_a_notebook_shows_every_verbs_result_as_its_command_does(results):
    for name, result in results.items():
        if name == "stream":
            assert not hasattr(result, "_repr_html_")  # to show a stream would use it up
            continue
        html = result._repr_html_()
        tags = read_html(html)
        assert len(html) < 60_000, name
        assert tags.names["table"] + tags.names["pre"] > 0, name
        assert not tags.names.keys() & {"script", "img", "link", "style"}, name
        assert not [style for style in tags.styles if "color:" in style], name  # light and dark are the notebook's
    html = read_html(results["estimate"]._repr_html_())
    assert html.names["table"] == 2
    for estimate in results["estimate"]:
        assert estimate.chip.name in html.text
        assert f"{estimate.inference.latency.cold_cycles:,}" in html.text


def test_what_no_command_shows_is_left_to_its_repr(results):
    assert results["compile"].program._repr_html_() is None


def test_names_of_users_are_no_markup(results):
    graph = replace(read_tosa(str(DIGITS)), name="<b>[red]x")
    html = chipsmith.compile(graph)._repr_html_()
    assert "<b>" not in html
    assert "&lt;b&gt;" in html


PICTURES = {
    "run": "latency loss score confusion energy roofline timeline",
    "report": "latency roofline",
    "train": "loss score",
    "estimate": "chips",
    "simulate": "time",
    "diff": "layers",
    "kernel": "roofline",
    "scale": "batch array",
    "search": "trials hypervolume",
    "compress": "front",
    "explain": "critical_path",
    "compare": "metric-0 layer-cycles layer-energy",
    "predict": "answers classes",
}


@pytest.mark.parametrize("verb", PICTURES)
def test_pictures_are_figures_of_plotly(results, verb):
    first, *others = PICTURES[verb].split()
    figure = results[verb].plot()
    assert figure == results[verb].plot(first)
    assert json.loads(figure.to_json())["data"]
    for name in others:
        assert results[verb].plot(name).data
    with pytest.raises(BadInput, match=f"no picture 'beauty'.*{first}"):
        results[verb].plot("beauty")


def test_a_picture_has_the_figures(results):
    latencies, energies, *_ = results["estimate"].plot().data
    assert list(latencies.y) == [row.inference.latency.cold_us for row in results["estimate"]]
    assert list(energies.y) == [row.inference.energy_uj for row in results["estimate"]]
    shares = results["simulate"].plot().data
    assert sum(sum(bar.x) for bar in shares) == results["simulate"].cold.latency_cycles
    (layers,) = results["diff"].plot().data
    assert list(layers.x) == [layer.int8.snr_db for layer in results["diff"].layers]
    path = results["explain"].plot().data
    assert sum(bar.x[bar.y.index("cold")] for bar in path) == results["explain"].advice.figures.cold_cycles
    (answer,) = results["predict"].predictions
    assert list(results["predict"].plot().data[0].x) == [100 * p for p in answer.answer["probabilities"].values()]


def test_explanations_and_predictions_are_tables_in_a_notebook(results):
    explained = read_html(results["explain"]._repr_html_())
    assert explained.names["table"] == 1  # of a program: the layers, and no changes
    assert "waits for" in explained.text
    both = read_html(chipsmith.explain(DIGITS)._repr_html_())
    assert both.names["table"] == 2
    assert "repeated by" in both.text
    predicted = read_html(results["predict"]._repr_html_())
    assert predicted.names["table"] == 1
    assert results["predict"].predictions[0].line in predicted.text


def test_what_helps_a_program_is_asked_of_its_network(results, capsys):
    assert "of its program: give the network, or the run, and changes are simulated" in repr(results["explain"])
    present_explanation(results["explain"]).print_text()
    assert "chipsmith explain MODEL --chip edge-256" in " ".join(capsys.readouterr().out.split())


def test_a_comparison_tells_points_as_everything_else_does(results):
    assert re.search(r"accuracy [+−]\d+\.\d\d points \([+−]\d+\.\d\d to [+−]\d+\.\d\d\)", repr(results["compare"]))


def test_one_of_something_is_not_several(results, capsys):
    present_predictions(results["predict"]).print_text()
    assert "1 inference on edge-256" in " ".join(capsys.readouterr().out.split())
    assert "1 inference;" in repr(chipsmith.infer(DIGITS, inputs=IMAGES[:1]))


@pytest.mark.slow
def test_results_of_the_gates_and_of_rtl_have_short_reprs(foundry, tmp_path):
    program = chipsmith.compile(DIGITS, chip="nano-64").program
    cells, memories = foundry / "sg13g2_stdcell_typ_1p20V_25C.lib", foundry / "sram"
    results = (
        chipsmith.cosim(program),
        chipsmith.timing("nano-64", liberty=cells, sram=memories),
        chipsmith.synth("nano-64", liberty=cells),
        chipsmith.power(program, liberty=cells, sram=memories, window=200, samples=2),
    )
    seen: dict[int, object] = {}
    assert [long for result in results if (long := long_reprs(result, seen))] == []


def test_a_repr_has_the_figures_and_how_they_were_obtained(results):
    simulated = chipsmith.simulate(chipsmith.compile(DIGITS))
    cold, warm = simulated.cold.latency_cycles, simulated.warm.latency_cycles
    assert repr(simulated) == (
        f"<SimResult digits_cnn on edge-256: {cold:,} cycles cold, {warm:,} warm, {significant(cold / 500)} µs "
        "at 500 MHz (simulated)>"
    )
    for words in ("bit-exact", " nJ", "(estimated)", "simulated"):
        assert words in repr(results["run"])
