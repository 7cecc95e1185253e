"""The outside witness of TOSA: what tosa_reference_model, which nobody here wrote, says the outputs of a Graph are.

For whole networks it runs in processes of its own, one a core: it is native code that writes to the terminal and may
abort. It is no target (`chipsmith.targets`), for it takes no network: others are held to what it says.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np

from chipsmith.errors import CheckFailed
from chipsmith.files import write_arrays
from chipsmith.processors import processors
from chipsmith.tosa.file import parse_tosa, serialize_tosa
from chipsmith.tosa.graph import Array, Graph, Tensor

NAME = "tosa_reference_model"
_GRAPH_FILE = "graph.tosa"


def witness_version() -> str:
    """The installed version of the package that holds tosa_reference_model."""
    return f"tosa-tools {version('tosa-tools')}"


def run_file(file: bytes, inputs: Sequence[Array], *, name: str) -> list[Array]:
    """The outputs, in order, of one inference of a `.tosa` file, some types as their bytes; in this process.

    Raises CheckFailed, with the file's `name`, where the model refuses it.
    """
    import tosa_reference_model

    outputs, status = tosa_reference_model.run(file, [np.asarray(array, order="C") for array in inputs])
    if status != tosa_reference_model.GraphStatus.TOSA_VALID:
        raise CheckFailed(f"{NAME} refuses {name}: {status}")
    return [np.asarray(array) for array in outputs]


def witness_outputs(graph: Graph, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """The outputs (n, *shape) by name that tosa_reference_model computes; inputs are (n, *shape) with one n > 0.

    Raises CheckFailed with the model's own words where it refuses the graph.
    """
    inferences = len(next(iter(inputs.values())))
    parts = np.array_split(np.arange(inferences), min(processors(), inferences))
    with tempfile.TemporaryDirectory(prefix="chipsmith-") as name:
        folder = Path(name)
        (folder / _GRAPH_FILE).write_bytes(serialize_tosa(graph))
        for index, part in enumerate(parts):
            _save(folder / f"in{index}.npz", [inputs[name][part] for name in graph.inputs])
        _run_workers(folder, len(parts))
        chunks = [_load(folder / f"out{index}.npz") for index in range(len(parts))]
    columns = [np.concatenate(column) for column in zip(*chunks, strict=True)]
    return dict(zip(graph.outputs, columns, strict=True))


def _run_workers(folder: Path, count: int) -> None:
    commands = [[sys.executable, "-m", __spec__.name, str(folder), str(index)] for index in range(count)]
    workers = [
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for command in commands
    ]
    messages = [worker.communicate()[1].decode(errors="replace") for worker in workers]
    for worker, message in zip(workers, messages, strict=True):
        if worker.returncode:
            raise CheckFailed(f"{NAME} did not run the network: {_fault(message)}")


def _fault(message: str) -> str:
    """The line that says what is wrong: the model writes warnings before it and debugger noise behind it."""
    lines = [line.strip() for line in message.splitlines() if line.strip() and "WARNING" not in line]
    faults = [line for line in lines if "ERROR" in line]
    return (faults or lines[-1:] or ["it ended without a message"])[0]


def _save(file: Path, arrays: Sequence[Array]) -> None:
    write_arrays(file, {str(index): array for index, array in enumerate(arrays)})


def _load(file: Path) -> list[Array]:
    with np.load(file, allow_pickle=False) as archive:
        return [archive[str(index)] for index in range(len(archive.files))]


def _work(folder: Path, index: str) -> None:
    """What one process does: a part of the inferences, one after the other, as the graph's own batch asks."""
    data = (folder / _GRAPH_FILE).read_bytes()
    graph = parse_tosa(data, "graph")
    try:
        results = [_infer(graph, data, row) for row in zip(*_load(folder / f"in{index}.npz"), strict=True)]
    except CheckFailed as error:
        sys.exit(f"ERROR: {error}")
    _save(folder / f"out{index}.npz", [np.stack(column) for column in zip(*results, strict=True)])


def _infer(graph: Graph, data: bytes, inputs: Sequence[Array]) -> list[Array]:
    outputs = run_file(data, inputs, name=graph.name)
    return [_typed(array, graph.tensor(name)) for name, array in zip(graph.outputs, outputs, strict=True)]


def _typed(array: Array, tensor: Tensor) -> Array:
    """The model returns some types as their bytes."""
    return array.view(tensor.dtype.numpy).reshape(tensor.shape)


if __name__ == "__main__":
    _work(Path(sys.argv[1]), sys.argv[2])
