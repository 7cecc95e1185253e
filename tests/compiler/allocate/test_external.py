"""External memory: what it cannot hold is refused before any work; everything in it begins with an atom."""

from __future__ import annotations

import pytest
from nets import Net, random_int8

from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_canonical
from chipsmith.compiler.errors import DoesNotFit
from chipsmith.program.external_runs import transfer_lines, transfer_words
from chipsmith.program.instructions import TransferInstruction
from chipsmith.tosa.graph import DType


def test_ports_beyond_the_external_memory_are_refused_by_name():
    net = Net(x=(1, 1024, 1024, 1))
    graph = net.graph(net.rescale("x", net.tensors["x"].dtype, shift=31))
    one_mib = load_chip("nano-64", {"external.size_mib": "1"})
    with pytest.raises(DoesNotFit, match=r"2097152 bytes of inputs, outputs and constants.*1048576.*external.size_mib"):
        compile_canonical(graph, one_mib)


@pytest.mark.parametrize(("word_bytes", "atom_bytes"), [(8, 32), (128, 128)])
def test_a_transfer_of_a_whole_port_or_chunk_loses_less_than_an_atom(word_bytes, atom_bytes):
    settings = {"tensor.rows": "128", "external.bytes_per_cycle": str(word_bytes)}
    chip = load_chip("edge-256", settings)
    assert chip.external.atom_bytes == atom_bytes
    net = Net(x=(1, 5, 5, 3), y=(1, 1, 1, 7))
    wide = net.conv("x", net.constant(random_int8(9, 3, 3, 3)), (1, 5, 5, 9), pad=(1, 1, 1, 1), input_zp=0)
    graph = net.graph(net.rescale(wide, DType.INT8, shift=40), net.rescale("y", DType.INT8, shift=31))
    program = compile_canonical(graph, chip)
    transfers = [each for each in program.instructions if isinstance(each, TransferInstruction)]
    assert len(transfers) >= 5
    for transfer in transfers:
        assert transfer.external_address % atom_bytes == 0
        assert transfer_words(transfer, chip) - transfer_lines(transfer, chip) < atom_bytes // word_bytes
