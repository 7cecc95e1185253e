"""Steps and buffers made by hand."""

from __future__ import annotations

from chipsmith.compiler.lower.kernel import Buffer, StreamOperand, UnplacedInstruction
from chipsmith.program.instructions import VectorInstruction
from chipsmith.program.stream_fields import STREAM_FIELDS, StreamName, with_fields
from chipsmith.program.streams import streams


def step_of(instruction):
    """An instruction as a step with a buffer for each stream, called like it; each buffer is the whole memory."""
    operands = [
        StreamOperand(stream=StreamName(stream.name), buffer=stream.name, base=stream.base, written=stream.written)
        for stream in streams(instruction)
    ]
    return UnplacedInstruction(template=instruction, operands=tuple(operands))


def placed(step, addresses):
    """The instruction of a step whose buffers stand at these addresses."""
    fields = STREAM_FIELDS[type(step.template)]
    bases = {fields[operand.stream].base: addresses[operand.buffer] + operand.base for operand in step.operands}
    return with_fields(step.template, bases)


def step(output, *inputs):
    """A step that writes one buffer and reads one or two others."""
    operands = [StreamOperand(stream=StreamName.OUTPUT, buffer=output, base=0, written=True)]
    operands += [
        StreamOperand(stream=stream, buffer=name, base=0)
        for stream, name in zip((StreamName.A, StreamName.B), inputs, strict=False)
    ]
    return UnplacedInstruction(template=VectorInstruction(), operands=tuple(operands))


def buffers(**sizes):
    """Buffers of so many bytes, by name."""
    return {name: Buffer(name=name, size_bytes=size) for name, size in sizes.items()}
