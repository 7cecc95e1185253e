"""Sizes that an `.onnx` file leaves open: from the user, from a calibration's shape, or 1 for a batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from chipsmith.errors import BadInput
from chipsmith.frontends.onnx.session import open_session
from chipsmith.frontends.onnx.types import element_type

if TYPE_CHECKING:
    import onnx

ShapesByName: TypeAlias = Mapping[str, tuple[int, ...]]
"""Whole shapes of inputs by name."""
Samples: TypeAlias = Sequence[tuple[int, ...]] | Mapping[str, tuple[int, ...]]
"""Shapes of arrays of inputs, in the network's order or by name; the first axis counts inferences."""
Sizes: TypeAlias = list[int | None]


def list_inputs(proto: onnx.ModelProto) -> Iterator[onnx.ValueInfoProto]:
    """The inputs that a user gives: old files list their weights among the inputs too."""
    weights = {constant.name for constant in proto.graph.initializer}
    yield from (port for port in proto.graph.input if port.name not in weights)


def fix_shapes(proto: onnx.ModelProto, data: bytes, file: Path, *, shapes: ShapesByName, samples: Samples) -> None:
    """Set every open size of the inputs of `proto`, which are those of the file's bytes `data`.

    Raises BadInput where a shape does not fit its input, or a size stays open.
    """
    ports = list(list_inputs(proto))
    _refuse_unknown(shapes, ports, file)
    sizes = {port.name: _read_sizes(port) for port in ports}
    for index, port in enumerate(ports):
        _fill(sizes[port.name], shapes.get(port.name), port, file)
        _fill_from_sample(sizes[port.name], _find_sample(samples, index, port.name), port, file)
    _share_symbols(ports, sizes)
    if any(open_first(axes) for axes in sizes.values()):
        _fix_first_axes(ports, sizes, data, file, samples)
        _share_symbols(ports, sizes)
    for port in ports:
        _write_sizes(port, sizes[port.name], file)


def open_first(sizes: Sizes) -> bool:
    """Whether the first axis is open."""
    return bool(sizes) and sizes[0] is None


def _refuse_unknown(shapes: ShapesByName, ports: Sequence[onnx.ValueInfoProto], file: Path) -> None:
    names = [port.name for port in ports]
    for name in shapes:
        if name not in names:
            raise BadInput(f"{file} has no input '{name}' to give a shape; its inputs are {', '.join(names)}")


def _read_sizes(port: onnx.ValueInfoProto) -> Sizes:
    dims = port.type.tensor_type.shape.dim
    return [int(dim.dim_value) if dim.HasField("dim_value") and dim.dim_value > 0 else None for dim in dims]


def _fill(sizes: Sizes, given: tuple[int, ...] | None, port: onnx.ValueInfoProto, file: Path) -> None:
    """Open sizes from a shape that the user gives whole."""
    if given is None:
        return
    fits = len(given) == len(sizes) and all(own in (None, size) for own, size in zip(sizes, given, strict=True))
    if not fits:
        raise BadInput(f"shape {list(given)} does not fit input '{port.name}' of {file}, which is {_show(sizes)}")
    sizes[:] = given


def _fill_from_sample(sizes: Sizes, sample: tuple[int, ...] | None, port: onnx.ValueInfoProto, file: Path) -> None:
    """Open sizes behind the first axis from an array of inputs; all of them where it has an axis more, that counts."""
    if sample is None or None not in sizes:
        return
    if len(sample) not in (len(sizes), len(sizes) + 1):
        raise BadInput(
            f"calibration of shape {list(sample)} does not fit input '{port.name}' of {file}, which has "
            f"{len(sizes)} axes; the first one counts the inputs"
        )
    known = sample[1:] if len(sample) > len(sizes) else (None, *sample[1:])
    sizes[:] = [size if own is None else own for own, size in zip(sizes, known, strict=True)]


def _find_sample(samples: Samples, index: int, name: str) -> tuple[int, ...] | None:
    if isinstance(samples, Mapping):
        return samples.get(name)
    return samples[index] if index < len(samples) else None


def _share_symbols(ports: Sequence[onnx.ValueInfoProto], sizes: Mapping[str, Sizes]) -> None:
    """Open sizes that the file calls by the name of a known one are equal to it; marks such as "?" are no names."""
    axes = [
        (dim.dim_param, port.name, axis)
        for port in ports
        for axis, dim in enumerate(port.type.tensor_type.shape.dim)
        if any(character.isalnum() for character in dim.dim_param)
    ]
    known = {symbol: sizes[name][axis] for symbol, name, axis in axes if sizes[name][axis] is not None}
    for symbol, name, axis in axes:
        if sizes[name][axis] is None:
            sizes[name][axis] = known.get(symbol)


def _fix_first_axes(
    ports: Sequence[onnx.ValueInfoProto], sizes: Mapping[str, Sizes], data: bytes, file: Path, samples: Samples
) -> None:
    """First axes that are open: 1 where they are a batch, else as long as the calibration's."""
    for port in ports:
        if None in sizes[port.name][1:]:
            _refuse_open(port, sizes[port.name], sizes[port.name].index(None, 1), file)
    batch = computes_parts_alone(data, file, ports, sizes)
    for index, port in enumerate(ports):
        if open_first(sizes[port.name]):
            sample = _find_sample(samples, index, port.name)
            if not batch and sample is None:
                _refuse_open(port, sizes[port.name], 0, file)
            sizes[port.name][0] = 1 if batch or sample is None else sample[0]


def computes_parts_alone(
    data: bytes, file: Path, ports: Sequence[onnx.ValueInfoProto], sizes: Mapping[str, Sizes]
) -> bool:
    """Whether the open first axes are a batch: two inputs together give what onnxruntime computes of each alone.

    True too where the network takes 1 alone; False where it does not run with 1.
    """
    feeds = [{port.name: _draw(port, sizes[port.name], seed, file) for port in ports} for seed in range(2)]
    both = {
        name: np.concatenate([feeds[0][name], feeds[1][name]]) if open_first(sizes[name]) else feeds[0][name]
        for name in feeds[0]
    }
    try:
        session = open_session(data, file.parent)
        alone = [session.run(None, feed) for feed in feeds]
    except Exception:  # what onnxruntime refuses is told where the network is run
        return False
    try:
        together = session.run(None, both)
    except Exception:
        return True
    return all(_is_split(parts, whole) for *parts, whole in zip(*alone, together, strict=True))


def _is_split(parts: Sequence[npt.NDArray[np.generic]], whole: npt.NDArray[np.generic]) -> bool:
    """Whether an output of both is those of each behind one another, or the same for all inputs."""
    if all(np.array_equal(part, whole) for part in parts):
        return True
    if parts[0].ndim == 0 or whole.shape != (2 * len(parts[0]), *parts[0].shape[1:]):
        return False
    return np.allclose(np.concatenate(parts).astype(np.float64), whole.astype(np.float64), rtol=1e-3, atol=1e-4)


def _draw(port: onnx.ValueInfoProto, sizes: Sizes, seed: int, file: Path) -> npt.NDArray[np.generic]:
    """Random numbers for an input, 0 or 1 where it takes integers; the same for any seed where its batch is fixed."""
    random = np.random.default_rng(seed if open_first(sizes) else 0)
    shape = tuple(1 if size is None else size for size in sizes)
    dtype = element_type(port, file)
    values = random.integers(0, 2, shape) if dtype.kind in "iub" else random.normal(size=shape)
    return np.asarray(values).astype(dtype)


def _write_sizes(port: onnx.ValueInfoProto, sizes: Sizes, file: Path) -> None:
    if None in sizes:
        _refuse_open(port, sizes, sizes.index(None), file)
    for dim, size in zip(port.type.tensor_type.shape.dim, sizes, strict=True):
        dim.dim_value = size


def _refuse_open(port: onnx.ValueInfoProto, sizes: Sizes, axis: int, file: Path) -> None:
    example = "x".join("1" if size is None else str(size) for size in sizes)
    reason = "" if axis else ", which is no batch: its parts are not computed alone"
    raise BadInput(
        f"{file} leaves the size of axis {axis} of input '{port.name}' ({_show(sizes)}) open{reason}; give its whole "
        f"shape (as in --shape {port.name}={example}), or a calibration whose shape fixes it"
    )


def _show(sizes: Sizes) -> str:
    return "[" + ", ".join("?" if size is None else str(size) for size in sizes) + "]"
