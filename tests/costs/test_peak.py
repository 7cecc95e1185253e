"""Peak rates and the roofline."""

import pytest

from chipsmith.chip import load_chip
from chipsmith.costs import peak_tops, roofline


def test_edge_256_peaks_at_a_quarter_of_a_tera_operation():
    assert peak_tops(load_chip("edge-256")) == 2 * 256 * 500e6 / 1e12


def test_the_tpu_v1_formula_gives_its_published_peak():
    """Jouppi et al., ISCA 2017, Table 2 (VERBATIM): 65,536 MACs at 700 MHz are 92 TOPS; here a quarter of the array."""
    overrides = {"tensor.rows": "128", "tensor.columns": "128", "clock_mhz": "700", "memory.group_bytes": "65536"}
    assert round(4 * peak_tops(load_chip("edge-256", overrides))) == 92


def test_the_roofline_bends_at_the_ridge():
    roof = roofline(load_chip("edge-256"))
    assert roof.ridge_macs_per_byte == 32
    assert roof.attainable_macs_per_cycle(1) == 8
    assert roof.attainable_macs_per_cycle(32) == roof.attainable_macs_per_cycle(1000) == 256


@pytest.mark.parametrize(("name", "ridge"), [("nano-64", 16), ("edge-1024", 64)])
def test_the_ridge_of_the_other_chips(name, ridge):
    assert roofline(load_chip(name)).ridge_macs_per_byte == ridge
