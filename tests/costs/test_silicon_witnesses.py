"""Estimates against published and synthesised silicon: the error itself is recorded, so that a change of it is seen.

Published rows are VERBATIM unless said otherwise; nothing is fitted to them. The table is in docs/estimates.md.
"""

from pathlib import Path

import pytest

from chipsmith.chip import load_chip
from chipsmith.chip.sram import sram
from chipsmith.costs import estimate_area

PAGE = (Path(__file__).parents[2] / "docs" / "estimates.md").read_text()


def error_percent(estimate, published):
    return round(100 * (estimate / published - 1))


NVDLA = {
    (32, 64, 512): (5.5, -63),
    (32, 32, 256): (3.0, -62),
    (16, 32, 256): (2.3, -60),
    (16, 16, 256): (1.7, -56),
    (8, 16, 256): (1.4, -50),
    (8, 8, 128): (0.91, -52),
}
"""Rows, columns, KiB of buffer: published square millimetres, error in percent."""


def cells_mm2(rows, columns, kib):
    overrides = {"tensor.rows": rows, "tensor.columns": columns, "memory.groups": 8, "memory.group_bytes": kib * 128}
    area = estimate_area(load_chip("edge-256", {field: str(value) for field, value in overrides.items()}))
    return area.total_mm2 - area.by_component()["placement"]


@pytest.mark.parametrize("sizes", NVDLA, ids=str)
def test_cell_area_against_nvdla_at_28_nm(sizes):
    """NVDLA's primer: synthesised cells and memories of 64 to 2,048 int8 MACs with a buffer of as many bytes.

    NVDLA holds units that this machine lacks (pooling and normalisation engines, 16-bit paths, deep pipelines), so a
    count of this machine must be below it; the error is nearly the same over a factor of 32 in MACs.
    """
    published_mm2, error = NVDLA[sizes]
    assert error_percent(cells_mm2(*sizes), published_mm2) == error


def test_the_caveat_of_an_area_and_the_page_say_how_far_nvdla_is():
    factors = [published_mm2 / cells_mm2(*sizes) for sizes, (published_mm2, _) in NVDLA.items()]
    said = f"{min(factors):.1f} to {max(factors):.1f} times"
    assert said in estimate_area(load_chip("edge-256")).caveat
    assert said in PAGE
    assert f"| {', '.join(str(error) for _, error in NVDLA.values())} % |" in PAGE


def test_buffers_of_the_tpu_are_below_their_published_bound():
    """TPU v1 (ISCA 2017, 28 nm): 28 MiB of buffers are 37 % of a die of at most 331 mm2."""
    assert error_percent(28 * sram(size_bytes=1 << 20, width_bits=64, node_nm=28).area_mm2.value, 0.37 * 331) == -65
