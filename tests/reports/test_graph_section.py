"""The picture of a network's graph: well formed, a node a layer, costs that sum to the record's, lanes apart."""

from __future__ import annotations

import dataclasses
import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from sample_runs import bare_record, full_record, named_record

from chipsmith.reports.graph_rows import picture_graph
from chipsmith.reports.sections.graph import SECTION

SVG = "{http://www.w3.org/2000/svg}"


RECORDS = [bare_record(), full_record(), named_record(), bare_record("encoder_layer"), bare_record("gru")]


def encoder_record():
    """An encoder layer: residual connections."""
    return bare_record("encoder_layer")


def drawings(record):
    """The SVG elements of the section, parsed as XML is."""
    html = SECTION.draw(record).html
    texts = re.findall(r"<div class=\"graph\".*?</div>", html, re.S)
    return [ElementTree.fromstring(text) for text in texts]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.network)
def test_costs_sum_to_the_records(record):
    for merged in (True, False):
        picture, profile = (
            picture_graph(record.inference, host_steps=record.host_steps, merged=merged),
            record.inference,
        )
        rows = (*picture.rows, picture.beside)
        assert sum(row.added_cycles for row in rows) == profile.latency.cold_cycles
        assert sum(row.external_bytes for row in rows) == profile.external_bytes
        assert sum(row.energy_pj for row in rows) == pytest.approx(profile.energy.total)
        assert sum(len(row.kernels) for row in picture.rows) == len(profile.kernels) - 1


def test_each_layer_is_a_node_with_its_name_and_its_figures():
    record = named_record()
    (drawing,) = drawings(record)
    nodes = drawing.findall(".//g[@class='node']")
    kernels = record.inference.kernels[:-1]
    assert len(nodes) == len(kernels) + 2  # the host stands first and last
    for node, kernel in zip(nodes[1:-1], kernels, strict=True):
        texts = ["".join(text.itertext()) for text in node.findall(".//text")]
        assert texts[0] == f"{kernel.layer} ({kernel.name.partition(':')[0]})"
        assert f"{kernel.external_bytes:,} B" in texts[-1]
        assert (node.get("role"), node.get("tabindex")) == ("listitem", None), "there is nothing to do at a row"
        assert "µJ" in texts[-2]
        assert "nJ" not in node.get("aria-label")
        assert f"{kernel.layer}: {kernel.operation}" in node.find("title").text
    titles = [node.find("title").text for node in nodes[1:-1]]
    cycles = [int(re.search(r"cycles added: ([\d,]+) cycles", title)[1].replace(",", "")) for title in titles]
    picture = picture_graph(record.inference, host_steps=record.host_steps)
    assert sum(cycles) + picture.beside.added_cycles == record.inference.latency.cold_cycles


def test_the_host_stands_first_and_last():
    (drawing,) = drawings(full_record())
    first, *_, last = drawing.findall(".//g[@class='node']")
    assert "quantise the image: the graph takes int8" in first.find("title").text
    assert "take the largest: the graph gives scores" in last.find("title").text


def test_edges_lead_downwards_and_residual_ones_pass_beside():
    picture = picture_graph(encoder_record().inference, host_steps=encoder_record().host_steps, merged=False)
    assert all(edge.source < edge.target for edge in picture.edges)
    assert all((edge.lane == 0) == (edge.target == edge.source + 1) for edge in picture.edges)
    assert picture.lanes >= 2
    stretches = {}
    for edge in picture.edges:
        if edge.lane:
            first, last = stretches.get((edge.lane, edge.source), (edge.source, edge.target))
            stretches[edge.lane, edge.source] = (first, max(last, edge.target))
    lanes = {}
    for (lane, _), stretch in sorted(stretches.items()):
        lanes.setdefault(lane, []).append(stretch)
    for rows in lanes.values():
        assert all(before[1] <= after[0] for before, after in pairwise(rows))


def test_every_edge_is_a_line_that_names_its_ends():
    record = bare_record("gru")
    together, single = drawings(record)
    for drawing, picture in (
        (together, picture_graph(record.inference, host_steps=record.host_steps)),
        (single, picture_graph(record.inference, host_steps=record.host_steps, merged=False)),
    ):
        titles = [path.find("title").text for path in drawing.findall(".//path")]
        labels = [row.label for row in picture.rows]
        ends = [(edge.source, edge.target) for edge in picture.edges]
        assert [title.removesuffix(" (through the external memory)") for title in titles] == [
            f"{labels[source]} to {labels[target]}" for source, target in ends
        ]


def test_a_record_of_before_edges_were_kept_says_so():
    record = bare_record()
    old = dataclasses.replace(record, inference=dataclasses.replace(record.inference, edges=()))
    (drawing,) = drawings(old)
    assert drawing.findall(".//path") == []
    assert "the lines are missing" in SECTION.draw(old).html


def test_names_stay_text_in_the_picture():
    record = named_record()
    first, *rest = record.inference.kernels
    odd = dataclasses.replace(first, layer='<script>"&', sources=())
    inference = dataclasses.replace(record.inference, kernels=(odd, *rest))
    (drawing,) = drawings(dataclasses.replace(record, inference=inference))
    texts = ["".join(text.itertext()) for text in drawing.findall(".//text")]
    assert '<script>"& (k0)' in texts
