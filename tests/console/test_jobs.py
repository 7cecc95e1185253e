"""What the commands of recipes print for people."""

from __future__ import annotations

from toy_compression import SLOW, toy_candidate, toy_compression

from chipsmith.console.jobs import present_compression
from chipsmith.flow.compress import Compressed


def test_a_short_line_cuts_no_figure_of_a_compression(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("COLUMNS", "80")
    trained = toy_candidate("quantised_in_training", us=1234.5, test=-0.02438, uj=123.456)
    result = Compressed(result=toy_compression(SLOW, trained), folder=tmp_path)
    present_compression(result).print_text()
    printed = capsys.readouterr().out
    assert all(word in printed for word in ("source", "cycles", "faster", "-0.024", "123,450", "1234.5", "123.46"))
