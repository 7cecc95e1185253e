"""`estimate --html`: the page is written, and what the verb returns and prints is as without it."""

from __future__ import annotations

import json

import pytest

import chipsmith
from chipsmith import cli
from chipsmith.errors import BadInput
from chipsmith.profile.profile import Profile
from chipsmith.reports.markup import escape
from chipsmith.witness.check.text import describe_check

NETWORK = "tests/networks/digits_cnn.tosa"
CHIPS = ("nano-64", "edge-256")


def test_the_page_has_every_chip_and_the_figures_are_the_same(tmp_path):
    page = tmp_path / "page.html"
    with_page = chipsmith.estimate(NETWORK, chips=CHIPS, html=page, volume=5_000)
    without = chipsmith.estimate(NETWORK, chips=CHIPS, volume=5_000)
    assert [row.to_json() for row in with_page] == [row.to_json() for row in without]
    assert all(isinstance(row.inference, Profile) for row in with_page)
    text = page.read_text(encoding="utf-8")
    assert f"{with_page[0].network} on 2 chips" in text
    assert all(f"{row.inference.latency.cold_cycles:,}</td>" in text for row in with_page)
    assert "The cost is that of one of 5,000 chips" in text


def test_two_chips_of_one_name_stay_apart(tmp_path):
    page = tmp_path / "page.html"
    chipsmith.estimate(NETWORK, chips=("edge-256", "edge-256"), html=page)
    assert "edge-256 (2)" in page.read_text(encoding="utf-8")


def test_the_check_stands_on_the_page(tmp_path, shared_data):
    page = tmp_path / "page.html"
    (row,) = chipsmith.estimate(shared_data / "mlperf_tiny" / "ad01_int8.tflite", html=page)
    assert row.check is not None
    assert row.check.right
    text = page.read_text(encoding="utf-8")
    assert '<div class="verdict good">' in text
    assert escape(describe_check(row.check)) in text


def test_the_command_writes_it_too(tmp_path, capsys):
    page = tmp_path / "page.html"
    with pytest.raises(SystemExit) as ended:
        cli.main(["estimate", NETWORK, "--chip", "nano-64", "--html", str(page), "--json"])
    assert not ended.value.code
    assert page.is_file()
    assert json.loads(capsys.readouterr().out)["estimates"][0]["chip"] == "nano-64"


def test_a_page_in_no_folder_is_refused_before_any_work(tmp_path):
    with pytest.raises(BadInput, match="nowhere"):
        chipsmith.estimate("no.tosa", html=tmp_path / "nowhere" / "page.html")
