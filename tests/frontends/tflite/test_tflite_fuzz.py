"""Damaged `.tflite` files: what is read of them before the converter runs ends in one message or not at all."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chipsmith.errors import BadInput, OperatorRefused
from chipsmith.frontends.tflite import network as tflite
from chipsmith.frontends.tflite.part import Part


@pytest.fixture(scope="module")
def network(shared_data) -> bytes:
    pytest.importorskip("ai_edge_litert")
    return (shared_data / "mlperf_tiny" / "kws_dscnn_int8.tflite").read_bytes()


def pack_alone(part: Part) -> bytes:
    """The converter is a process of its own, which cannot take this one down; here none runs."""
    assert part.to_bytes()
    raise BadInput("no converter here")


@settings(deadline=None, max_examples=200, suppress_health_check=list(HealthCheck))
@given(changes=st.lists(st.tuples(st.integers(min_value=0), st.integers(0, 255)), min_size=1, max_size=4))
def test_damage_anywhere_is_named(network, monkeypatch, tmp_path, changes):
    monkeypatch.setattr(tflite, "convert", pack_alone)
    data = bytearray(network)
    for place, byte in changes:
        # Offsets and lengths stand near the beginning and the end.
        data[place % 2_000 if place % 2 else -1 - place % 8_000] = byte
    path = tmp_path / "damaged.tflite"
    path.write_bytes(bytes(data))
    with contextlib.suppress(BadInput, OperatorRefused):
        tflite.load_tflite(path)
