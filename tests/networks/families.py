"""Makes families/*.tosa and families.json: python tests/networks/families.py [NAME ...]; some minutes for all.

Each network of the catalogue is trained for some seconds on data that scikit-learn ships, quantised by PT2E and
lowered. Digits (8 x 8 pixels of 0 to 16) serve as images, as series of rows and as tokens; diabetes as a regression.
families.json keeps what the host does at the borders and the metric that float and int8 reach on the test part.

    python tests/networks/families.py --page    writes the table of docs/networks.md anew from these files
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np

from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.frontends.quantized_io import IoBinding, dequantize, quantize
from chipsmith.learn.networks.catalogue import CATALOGUE, Entry
from chipsmith.sim.cycle import simulate
from chipsmith.sim.functional import execute
from chipsmith.tosa.file import read_tosa, write_tosa
from chipsmith.tosa.graph import Array, Graph

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "networks.md"
TEST_ROWS = 200
CHIPS = ("edge-256", "nano-64")


@dataclass(frozen=True, kw_only=True)
class Task:
    """Inputs and targets along axis 0, and the metric: accuracy, R2, RMSE or bits per token."""

    metric: str
    inputs: Array
    targets: Array


@cache
def digits() -> tuple[Array, Array]:
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(labels))
    return images.reshape(-1, 8, 8)[order].astype(np.float32), labels[order].astype(np.int64)


def blocks(images: Array, height: int, width: int) -> Array:
    """Means of blocks, flattened."""
    cut = images.reshape(len(images), 8 // height, height, 8 // width, width)
    return cut.mean((2, 4)).reshape(len(images), -1)


def task_of(entry: Entry) -> Task:
    """The data in the form that the entry's network takes."""
    kind = entry.network.kind
    images, labels = digits()
    if kind == "causal_transformer":
        tokens = blocks(images, 2, 2).astype(np.int32)
        return Task(metric="bits per token", inputs=tokens[:, :-1], targets=tokens[:, 1:].astype(np.int64))
    if entry.network.takes_tokens():
        height = 64 // entry.input_shape[0] // 2
        return Task(metric="accuracy", inputs=blocks(images, height, 2).astype(np.int32), targets=labels)
    if entry.outputs == 1 and "autoencoder" not in kind and kind != "vae":
        return regression()
    if "autoencoder" in kind or kind == "vae":
        inputs = as_images(images / 16, entry.input_shape)
        return Task(metric="RMSE", inputs=inputs, targets=inputs)
    return Task(metric="accuracy", inputs=as_images(images / 8 - 1, entry.input_shape), targets=labels)


def as_images(images: Array, shape: tuple[int, ...]) -> Array:
    if shape == (16,):
        return blocks(images, 2, 2).astype(np.float32)
    if len(shape) < 3:
        return images.reshape(-1, *shape).astype(np.float32)
    larger = images.repeat(shape[1] // 8, 1).repeat(shape[2] // 8, 2)
    return np.array(np.broadcast_to(larger[:, None], (len(images), *shape)), np.float32)


def regression() -> Task:
    from sklearn.datasets import load_diabetes

    inputs, targets = load_diabetes(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(targets))
    scaled = (targets - targets.mean()) / targets.std()
    return Task(
        metric="R2",
        inputs=(inputs / inputs.std(0))[order].astype(np.float32),
        targets=scaled[order, None].astype(np.float32),
    )


def score(metric: str, outputs: Array, targets: Array) -> float:
    """The metric of outputs against targets, in float64."""
    outputs = outputs.astype(np.float64)
    if metric == "accuracy":
        return float((outputs.argmax(1) == targets).mean())
    if metric == "bits per token":
        logarithms = outputs - np.log(np.exp(outputs - outputs.max(-1, keepdims=True)).sum(-1, keepdims=True))
        logarithms -= outputs.max(-1, keepdims=True)
        return float(-np.take_along_axis(logarithms, targets[..., None], -1).mean() / np.log(2))
    errors = ((outputs - targets) ** 2).mean()
    return float(1 - errors / targets.var()) if metric == "R2" else float(np.sqrt(errors))


def signal_to_noise_db(exact: Array, rounded: Array) -> float:
    """Power of what differs from example to example over the power of the rounding's error."""
    signal = ((exact - exact.mean(0)) ** 2).sum()
    return float(10 * np.log10(signal / ((exact - rounded) ** 2).sum()))


@dataclass(frozen=True, kw_only=True)
class Family:
    """A network of the folder: its graph, its borders and what was measured when it was made."""

    name: str
    graph: Graph
    inputs: tuple[IoBinding, ...]
    outputs: tuple[IoBinding, ...]
    parameters: int
    metric: str
    metric_float: float
    metric_int8: float
    signal_to_noise_db: float

    @property
    def entry(self) -> Entry:
        return CATALOGUE[self.name]

    def test_part(self) -> tuple[Array, Array]:
        """The real examples that no training saw, and their targets."""
        task = task_of(self.entry)
        return task.inputs[:TEST_ROWS], task.targets[:TEST_ROWS]

    def quantized(self, examples: Array) -> dict[str, Array]:
        values = self.entry.network.module_inputs(examples, seed=0)
        return {one.tensor: quantize(values[one.position], one, self.graph.tensor(one.tensor)) for one in self.inputs}

    def dequantized(self, outputs: Mapping[str, Array]) -> Array:
        (border,) = self.outputs
        return dequantize(outputs[border.tensor], border)


def load_family(name: str) -> Family:
    fields = json.loads((HERE / "families.json").read_text())[name]
    borders = {key: tuple(border(one) for one in fields.pop(key)) for key in ("inputs", "outputs")}
    return Family(name=name, graph=read_tosa(HERE / "families" / f"{name}.tosa"), **borders, **fields)


def border(fields: dict[str, object]) -> IoBinding:
    return IoBinding(**{**fields, "axes": tuple(fields["axes"])})


def train(entry: Entry, task: Task, *, steps: int) -> object:
    import torch

    torch.manual_seed(0)
    module = entry.network.build(input_shape=entry.input_shape, outputs=entry.outputs)
    optimizer = torch.optim.AdamW(module.parameters(), lr=4e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps)
    inputs, targets = (torch.from_numpy(array[TEST_ROWS:]) for array in (task.inputs, task.targets))
    for step in range(steps):
        chosen = torch.randint(len(inputs), (64,))
        arguments = entry.network.module_inputs(inputs[chosen].numpy(), seed=step)
        loss = loss_of(task.metric, module(*map(torch.from_numpy, arguments)), targets[chosen])
        loss = loss + divergence(module, inputs[chosen]) if entry.network.kind == "vae" else loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return module.eval()


def loss_of(metric: str, outputs: object, targets: object) -> object:
    import torch.nn.functional as functional

    if metric in ("accuracy", "bits per token"):
        return functional.cross_entropy(outputs.flatten(0, -2), targets.flatten())
    return functional.mse_loss(outputs, targets)


def divergence(module: object, images: object) -> object:
    """Kullback-Leibler divergence of the code from the standard normal distribution, weighed down."""
    mean, log_variance = module.encode(images)
    return 5e-4 * (mean**2 + log_variance.exp() - log_variance - 1).sum(1).mean()


def generate(name: str) -> dict[str, object]:
    """Train, lower, write the graph, and return the entry of families.json."""
    import torch

    from chipsmith.frontends.pytorch.network import lower_module

    torch.set_num_threads(1)
    entry = CATALOGUE[name]
    task = task_of(entry)
    module = train(entry, task, steps=600)
    arguments = entry.network.module_inputs(task.inputs[:TEST_ROWS], seed=0)
    calibration = entry.network.module_inputs(task.inputs[TEST_ROWS : TEST_ROWS + 128], seed=1)
    example = entry.network.example_inputs(input_shape=entry.input_shape)
    lowered = lower_module(module, example, calibration, name=name)
    write_tosa(lowered.graph, HERE / "families" / f"{name}.tosa")
    with torch.no_grad():
        exact = module(*map(torch.from_numpy, arguments)).numpy()
    program = compile_graph(lowered.graph, load_chip("edge-256"))
    (rounded,) = lowered.dequantize_outputs(execute(program, lowered.quantize_inputs(*arguments)))
    targets = task.targets[:TEST_ROWS]
    return {
        "inputs": [asdict(one) for one in lowered.inputs],
        "outputs": [asdict(one) for one in lowered.outputs],
        "parameters": sum(weights.numel() for weights in module.parameters()),
        "metric": task.metric,
        "metric_float": round(score(task.metric, exact, targets), 4),
        "metric_int8": round(score(task.metric, rounded, targets), 4),
        "signal_to_noise_db": round(signal_to_noise_db(exact, rounded), 1),
    }


def table() -> str:
    """The table of docs/networks.md: sizes, simulated cycles, and the metric in float and on the chip."""
    head = (
        "| network | parameters | operators | " + " | ".join(f"cycles, {chip}" for chip in CHIPS) + " | metric | float "
        "| chip | signal to noise |\n|---|---|---|---|---|---|---|---|---|"
    )
    return "\n".join([head, *(row(load_family(name)) for name in CATALOGUE)])


def row(family: Family) -> str:
    cycles = [simulate(compile_graph(family.graph, load_chip(chip))).latency_cycles for chip in CHIPS]
    figures = [f"{family.parameters:,}", str(len(family.graph.operators)), *(f"{one:,}" for one in cycles)]
    metrics = [family.metric, f"{family.metric_float:.3f}", f"{family.metric_int8:.3f}"]
    return f"| {' | '.join([f'`{family.name}`', *figures, *metrics])} | {family.signal_to_noise_db:.1f} dB |"


def write_page() -> None:
    """Put the table of today between the page's marks."""
    before, _, rest = PAGE.read_text().partition("<!-- table -->\n")
    _, _, after = rest.partition("<!-- end of table -->")
    PAGE.write_text(f"{before}<!-- table -->\n{table()}\n<!-- end of table -->{after}")


def main(arguments: list[str]) -> None:
    if arguments == ["--page"]:
        return write_page()
    file = HERE / "families.json"
    known = json.loads(file.read_text()) if file.exists() else {}
    for name in arguments or CATALOGUE:
        known[name] = generate(name)
        print(name, {key: value for key, value in known[name].items() if key not in ("inputs", "outputs")}, flush=True)
        ordered = {one: known[one] for one in CATALOGUE if one in known}
        file.write_text(json.dumps(ordered, indent=1) + "\n")
    return None


if __name__ == "__main__":
    main(sys.argv[1:])
