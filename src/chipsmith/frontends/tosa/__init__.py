"""TOSA files: the graph as it stands."""

from __future__ import annotations

from chipsmith.frontends.front_end import FrontEnd

FRONT_END = FrontEnd(
    name="TOSA",
    suffixes=(".tosa",),
    form=".tosa",
    live="chipsmith.tosa.graph:Graph",
    loader="chipsmith.frontends.tosa.load:load_tosa",
)
