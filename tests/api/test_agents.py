"""The door for agents: every verb as a tool, called by a client of the protocol."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import click
import jsonschema
import pytest
from mcp import Client, MCPError, StdioServerParameters

import chipsmith
from chipsmith import cli
from chipsmith.api import VERBS
from chipsmith.api.agent_server import build_server
from chipsmith.api.agent_tools import command_words, describe_tool, input_schema
from chipsmith.api.parameter import Parameter
from chipsmith.api.table import WORK_VERBS
from chipsmith.api.words import is_sequence, scalar_type, tuple_parts
from chipsmith.errors import BadInput

DIGITS = Path(__file__).parents[1] / "networks" / "digits_cnn.tosa"
SERVED = WORK_VERBS
SAMPLES = {bool: True, int: 3, float: 0.25, str: "--a=b, c", Path: "-strange name.tosa"}


def sample(word: Parameter) -> Any:
    """A value that a tool's argument may have; texts begin as options do."""
    if tuple_parts(word.type):
        return [SAMPLES[scalar_type(part)] for part in tuple_parts(word.type)]
    if is_sequence(word.type) or getattr(word.form, "separator", ""):
        return ["-x", "y z"]
    return SAMPLES[scalar_type(word.type)]


@pytest.mark.parametrize("verb", SERVED.values(), ids=SERVED)
def test_the_command_line_reads_what_a_tool_is_given(verb):
    given = {word.name: sample(word) for word in verb.words}
    jsonschema.Draft202012Validator(input_schema(verb)).validate(given)
    words = command_words(verb, given)
    command = cli.app.commands[words[0]]
    read = command.make_context("chipsmith", list(words[1:]), resilient_parsing=False).params
    assert read.pop("json") is True
    for word in verb.words:
        value = given[word.name]
        separator = getattr(word.form, "separator", "")
        assert _plain(read[word.name]) == (separator.join(value) if separator else value), word.name


def _plain(value: Any) -> Any:
    return (
        [str(item) if isinstance(item, Path) else item for item in value]
        if isinstance(value, tuple)
        else (str(value) if isinstance(value, Path) else value)
    )


@pytest.mark.parametrize("verb", SERVED.values(), ids=SERVED)
def test_a_tool_says_all_that_its_verb_says(verb):
    jsonschema.Draft202012Validator.check_schema(input_schema(verb))
    described = describe_tool(verb)
    assert described.startswith(" ".join(verb.summary.split()))
    assert all(" ".join(part.split()) in described for part in verb.function.__doc__.split("\n\n"))
    assert set(input_schema(verb)["required"]) == {word.name for word in verb.words if word.required}


def test_faults_of_arguments_name_the_argument():
    estimate = VERBS["estimate"]
    for arguments, said in (
        ({}, "estimate needs model: A .tosa"),
        ({"model": "a.tosa", "modl": 1}, "no argument modl; did you mean model?"),
        ({"model": 3}, "model is a text, not 3"),
        ({"model": "a.tosa", "settings": "tensor.rows=3"}, "settings is a list, not 'tensor.rows=3'"),
        ({"model": "a.tosa", "floor": "high"}, "floor is a number, not 'high'"),
        ({"model": "a.tosa", "random_calibration": 1}, "random_calibration is true or false, not 1"),
    ):
        with pytest.raises(BadInput) as refused:
            command_words(estimate, arguments)
        assert said in str(refused.value)


def served(work: Callable[[Client], Awaitable[None]], folder: Path) -> None:
    """Do the work with a client of `chipsmith mcp`, which is started in the folder."""

    async def connect() -> None:
        environment = {**os.environ, "PYTHONPATH": str(Path(chipsmith.__file__).parents[1])}
        command = StdioServerParameters(
            command=sys.executable, args=["-m", "chipsmith.start", "mcp"], cwd=folder, env=environment
        )
        async with Client(command) as client:
            await work(client)

    asyncio.run(connect())


def printed(*words: str) -> Any:
    """What the command prints with --json."""
    done = subprocess.run([sys.executable, "-m", "chipsmith.start", *words, "--json"], capture_output=True, check=True)
    return json.loads(done.stdout)


def test_a_client_gets_the_objects_and_the_errors_of_the_command_line(tmp_path):
    async def work(client: Client) -> None:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) == set(SERVED)
        assert tools["estimate"].input_schema["required"] == ["model"]

        good = await client.call_tool("estimate", {"model": str(DIGITS), "chips": ["nano-64", "edge-256"]})
        assert not good.is_error
        assert good.structured_content == printed("estimate", str(DIGITS), "--chip", "nano-64,edge-256")
        assert json.loads(good.content[0].text) == good.structured_content

        bad = await client.call_tool("estimate", {"model": "none.tosa"})
        assert bad.is_error
        message = "cannot read none.tosa: No such file or directory"
        assert bad.content[0].text == message
        assert bad.structured_content["error"] == {"kind": "BadInput", "exit_code": 2, "message": message}

        wrong = await client.call_tool("estimate", {"model": str(DIGITS), "chips": ["edge-265"]})
        assert wrong.is_error
        assert "edge-256" in wrong.content[0].text

        with pytest.raises(MCPError, match="there is no tool polish"):
            await client.call_tool("polish", {})

        (schema,) = [
            resource.uri for resource in (await client.list_resources()).resources if resource.uri.endswith("/chips")
        ]
        read = await client.read_resource(schema)
        assert json.loads(read.contents[0].text) == VERBS["chips"].schema.read()

    served(work, tmp_path)


def test_a_check_that_fails_is_an_error_with_its_result(tmp_path):
    (tmp_path / "ones.csv").write_text("a,b,kind\n" + "1,2,x\n" * 40)
    (tmp_path / "ones.yaml").write_text(
        "name: ones\ntask: classification\ndata: {kind: table, path: ones.csv, target: kind}\nnetwork: {kind: mlp}\n"
    )

    async def work(client: Client) -> None:
        looked = await client.call_tool("check_data", {"recipe": "ones.yaml"})
        done = subprocess.run(
            [sys.executable, "-m", "chipsmith.start", "check-data", "ones.yaml"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (looked.is_error, done.returncode != 0) == (True, True)
        assert looked.content[0].text in done.stderr

    served(work, tmp_path)


def test_stages_are_told_and_a_call_that_is_cancelled_ends_its_process(tmp_path):
    folder = tmp_path / "long"
    told: list[str] = []

    async def work(client: Client) -> None:
        first_epoch = asyncio.Event()

        async def hear(_: float, __: float | None, message: str | None) -> None:
            told.append(message or "")
            if message and message.startswith("epoch 1"):
                first_epoch.set()

        arguments = {"recipe": "digits", "settings": ["training.epochs=5000"], "out": str(folder)}
        call = asyncio.create_task(client.call_tool("train", arguments, progress_callback=hear))
        await asyncio.wait_for(first_epoch.wait(), timeout=120)
        assert processes_with(str(folder))
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        deadline = time.monotonic() + 30
        while processes_with(str(folder)) and time.monotonic() < deadline:
            await asyncio.sleep(0.1)
        assert not processes_with(str(folder))

    served(work, tmp_path)
    assert any(line.startswith("epoch 1 of 5000: validation") for line in told)


def processes_with(word: str) -> list[int]:
    """The processes whose command line has a word."""
    numbers = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if any(word in part.decode(errors="replace") for part in words):
            numbers.append(int(folder.name))
    return numbers


def test_the_server_lists_no_tool_that_serves():
    server = build_server(SERVED)
    assert server.name == "chipsmith"
    assert "mcp" not in SERVED


def test_without_the_package_the_mend_is_named(monkeypatch):
    monkeypatch.setattr("chipsmith.extras.find_spec", lambda _: None)
    with pytest.raises(BadInput, match=r"cannot serve an agent: mcp is not installed; mend: pip install"):
        chipsmith.mcp()


def test_click_reads_options_that_begin_with_a_dash():
    words = command_words(VERBS["predict"], {"program": "-p.program", "inputs": ["-x.png"]})
    assert words[-3:] == ("--", "-p.program", "-x.png")
    assert isinstance(cli.app.commands["predict"], click.Command)
