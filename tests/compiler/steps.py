"""Instructions as steps, and back."""

from __future__ import annotations

from chipsmith.compiler.lower.kernel import StreamOperand, UnplacedInstruction
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
