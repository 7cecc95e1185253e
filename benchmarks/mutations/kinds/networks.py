"""Networks and programs: `.tosa`, `.tflite`, `.onnx` and `.program` files."""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path
from typing import Any

import numpy as np

from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.frontends.registry import load_model
from chipsmith.program.file import read_program, serialize_program
from chipsmith.program.program import Program
from chipsmith.sim.cycle import simulate
from chipsmith.sim.functional import execute
from chipsmith.tosa.file import read_tosa
from chipsmith.tosa.graph import Graph
from mutations.mutators import mutate_bytes, mutate_json, mutate_numbers
from mutations.target import Target

CHIP = "nano-64"
NETWORK = Path(__file__).parents[3] / "tests" / "networks" / "digits_cnn.tosa"
_PREFIX_BYTES = 56
_RESEALED = 0.9


def small_program() -> Program:
    """The digits' network on a small chip."""
    return compile_graph(read_tosa(NETWORK), load_chip(CHIP))


def run_program(program: Program) -> None:
    """Execute a program on random inputs, and time it, cold and warm."""
    rng = np.random.default_rng(0)
    ports = program.manifest.inputs
    execute(program, {port.name: rng.integers(0, 5, port.shape).astype(port.dtype) for port in ports})
    simulate(program)
    simulate(program, warm=True)


def program(_: Path) -> Target:
    """A `.program` file: its header and its instructions changed under a right checksum, then executed and timed."""
    return Target(
        file="p.program",
        samples=[serialize_program(small_program())],
        mutate=mutate_program,
        parse=read_program,
        use=run_program,
    )


def mutate_program(rng: random.Random, data: bytes) -> bytes:
    """The header, the instructions or the constants changed and sealed again, or any bytes."""
    if rng.random() > _RESEALED:
        return mutate_bytes(rng, data)
    size = int.from_bytes(data[12:16], "little")
    header, image = data[_PREFIX_BYTES : _PREFIX_BYTES + size], data[_PREFIX_BYTES + size :]
    kind = rng.random()
    if kind < 0.5:
        header = _mutate_header(rng, header)
    elif kind < 0.9:
        count = json.loads(header)["instructions"]
        image = _mutate_instructions(rng, image, count)
    else:
        image = mutate_numbers(rng, image)
    sizes = len(header).to_bytes(4, "little") + len(image).to_bytes(8, "little")
    return data[:12] + sizes + hashlib.sha256(header + image).digest() + header + image


def _mutate_header(rng: random.Random, header: bytes) -> bytes:
    """Mostly the manifest: the chip has a hash of its own, which is made right where it can be."""
    content = json.loads(header)
    part = "chip" if rng.random() < 0.2 else "manifest"
    content[part] = mutate_json(rng, content[part])
    if part == "chip":
        content["chip_sha256"] = _chip_hash(content["chip"]) or content["chip_sha256"]
    return json.dumps(content if rng.random() < 0.9 else mutate_json(rng, content)).encode()


def _chip_hash(fields: Any) -> str | None:
    from chipsmith.chip.description import Chip

    try:
        return Chip.model_validate(fields).sha256
    except ValueError:
        return None


def _mutate_instructions(rng: random.Random, image: bytes, count: int) -> bytes:
    changed = bytearray(image)
    size = 128
    for _ in range(rng.randint(1, 2)):
        start = size * rng.randrange(count)
        place = start + rng.randrange(size)
        if rng.random() < 0.15:
            other = size * rng.randrange(count)
            changed[start : start + size] = image[other : other + size]
        else:
            changed[place] = rng.choice((0, 1, 255, changed[place] ^ (1 << rng.randrange(8)), changed[place] + 1 & 255))
    return bytes(changed)


def tosa(_: Path) -> Target:
    """A `.tosa` file, compiled and executed."""
    return Target(
        file="n.tosa",
        samples=[NETWORK.read_bytes()],
        mutate=_mutate_flatbuffer,
        parse=read_tosa,
        use=_compile_and_run,
    )


def _compile_and_run(graph: Graph) -> None:
    run_program(compile_graph(graph, load_chip(CHIP)))


def _mutate_flatbuffer(rng: random.Random, data: bytes) -> bytes:
    return (mutate_numbers if rng.random() < 0.7 else mutate_bytes)(rng, data)


def tflite(folder: Path) -> Target:
    """A float and an int8 `.tflite` file: read, its border taken off, and now and then converted and compiled."""
    from chipsmith.frontends.tflite.model import parse_model
    from mutations.kinds.tflite_samples import float_network, int8_network

    calibration = folder / "x.npy"
    np.save(calibration, np.random.default_rng(0).normal(size=(8, 1, 4, 4, 2)).astype(np.float32))
    seen = 0

    def use(file: Path) -> None:
        nonlocal seen
        seen += 1
        if seen % _CONVERTED_EVERY < 2:
            load_model(str(file), str(calibration) if b"float" in file.read_bytes() else None)

    def parse(file: Path) -> Path:
        strip_border(parse_model(file.read_bytes(), file))
        return file

    import sys

    from chipsmith.frontends.tflite.border import strip_border

    return Target(
        file="n.tflite",
        samples=[float_network(), int8_network()],
        mutate=_mutate_flatbuffer,
        parse=parse,
        use=use,
        commands=[[sys.executable, "-m", "tosa_converter_for_tflite.cli"], [_tosa_opt(), "--tosa-serialize"]],
    )


_CONVERTED_EVERY = 20
"""The converter takes a second: of so many files that are read, two are converted."""


def _tosa_opt() -> str:
    from chipsmith.frontends.tflite.convert import _find_tosa_opt

    return _find_tosa_opt(Path("n.tflite"))


def onnx(folder: Path) -> Target:
    """An `.onnx` file, quantised and lowered."""
    from mutations.kinds.onnx_samples import float_network, mutate_model

    calibration = folder / "x.npy"
    np.save(calibration, np.random.default_rng(0).normal(size=(8, 1, 2, 6, 6)).astype(np.float32))

    def parse(file: Path) -> QuantizedNetwork:
        return load_model(str(file), str(calibration))

    return Target(
        file="n.onnx",
        samples=[float_network(), float_network(batch="n")],
        mutate=mutate_model,
        parse=parse,
        use=lambda network: run_program(compile_graph(network.graph, load_chip(CHIP))),
    )
