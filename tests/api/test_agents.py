"""The door for agents: every verb as a tool, called by a client of the protocol."""

from __future__ import annotations

import asyncio
import json
import os
import re
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
from chipsmith.api.agent_results import BRIEF_BYTES, BRIEF_TEXT, size_bytes
from chipsmith.api.agent_server import build_server
from chipsmith.api.agent_text import describe_tool
from chipsmith.api.agent_tools import command_words, input_schema, tool_words
from chipsmith.api.parameter import Option, Parameter
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
    choices = getattr(word.form, "choices", None)
    if is_sequence(word.type) or getattr(word.form, "separator", ""):
        return ["-x", "y z"] if choices is None else list(choices()[-2:])
    if choices is not None:
        return choices()[-1]
    return SAMPLES[scalar_type(word.type)]


@pytest.mark.parametrize("verb", SERVED.values(), ids=SERVED)
def test_the_command_line_reads_what_a_tool_is_given(verb):
    given = {word.name: sample(word) for word in tool_words(verb)}
    jsonschema.Draft202012Validator(input_schema(verb)).validate(given)
    words = command_words(verb, given)
    command = cli.app.commands[words[0]]
    read = command.make_context("chipsmith", list(words[1:]), resilient_parsing=False).params
    assert read.pop("json") is True
    for word in tool_words(verb):
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
def test_a_tool_speaks_of_its_own_arguments(verb):
    schema, described = input_schema(verb), describe_tool(verb)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert described.startswith(" ".join(verb.summary.split()))
    assert not re.search(r"Raises|Result\b|\bProgram,|\barrays?\b|chipsmith\.|\breturned|as for ", described)
    named = [name for name in re.findall(r"`([^`]+)`", described) if name.isidentifier()]
    assert set(named) <= set(schema["properties"]) | set(SERVED)


@pytest.mark.parametrize("verb", SERVED.values(), ids=SERVED)
def test_the_schema_of_each_argument_says_its_form(verb):
    properties = input_schema(verb)["properties"]
    for word in tool_words(verb):
        schema = properties[word.name]
        text = schema["description"]
        assert text, word.name
        assert "repeatable" not in text
        assert schema.get("default") != "-", "an agent has no standard input"
        if isinstance(word.form, Option) and re.search("[=:]", word.form.metavar or ""):
            assert word.form.metavar in text, word.name
        if word.form.choices is not None:
            allowed = (schema.get("items", schema) if "items" in schema else schema)["enum"]
            assert list(word.form.choices()) == allowed, word.name
            defaults = schema.get("default", [])
            assert set(defaults if isinstance(defaults, list) else [defaults]) <= set(allowed)


@pytest.mark.parametrize("verb", SERVED.values(), ids=SERVED)
def test_a_help_that_lists_words_has_them_as_an_enum(verb):
    """A closed set is one in code: no argument names most words of one and takes any text."""
    closed = [set(word.form.choices()) for other in SERVED.values() for word in other.words if word.form.choices]
    for word in tool_words(verb):
        said = set(re.findall(r"[\w-]+", word.help))
        listed = any(2 < len(words) <= 10 and words <= said for words in closed)
        assert not listed or word.form.choices is not None, f"{verb.name}: {word.name}"


@pytest.mark.parametrize("verb", SERVED.values(), ids=SERVED)
def test_a_tool_takes_each_name_that_its_verb_has_in_python(verb):
    own = {"progress", "passphrase", "others"}
    groups = {word.group for word in verb.words}
    hidden = {word.name for word in verb.words} - {word.name for word in tool_words(verb)}
    names = {parameter.name for parameter in verb.parameters} - own - groups - hidden
    assert names <= set(input_schema(verb)["properties"])


def test_chips_are_a_list_or_a_text_under_either_name():
    estimate = VERBS["estimate"]
    for given in ({"chip": "nano-64, edge-256"}, {"chips": "nano-64,edge-256"}, {"chips": ["nano-64", "edge-256"]}):
        jsonschema.Draft202012Validator(input_schema(estimate)).validate({"model": "a.tosa", **given})
        words = command_words(estimate, {"model": "a.tosa", **given})
        assert "--chip=nano-64,edge-256" in words
    with pytest.raises(BadInput, match="one thing by two words"):
        command_words(estimate, {"model": "a.tosa", "chip": "a", "chips": "b"})


def test_faults_of_arguments_name_the_argument():
    estimate = VERBS["estimate"]
    for arguments, said in (
        ({}, "estimate needs model: A .tosa"),
        ({"model": "a.tosa", "modl": 1}, "no argument modl; did you mean model?"),
        ({"model": 3}, "model is a text, not 3"),
        ({"model": "a.tosa", "settings": "tensor.rows=3"}, "settings is a list, not 'tensor.rows=3'"),
        ({"model": "a.tosa", "floor": "high"}, "floor is a number, not 'high'"),
        ({"model": "a.tosa", "random_calibration": 1}, "random_calibration is true or false, not 1"),
        ({"model": "a.tosa", "quantise": "minmx"}, "quantise is not 'minmx'; did you mean minmax?"),
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
        assert [row["chip"] for row in good.structured_content["estimates"]] == ["nano-64", "edge-256"]
        assert size_bytes(good.structured_content) <= BRIEF_BYTES
        assert len(good.content[0].text) <= BRIEF_TEXT + 100
        assert "edge-256" in good.content[0].text

        asked = {"model": str(DIGITS), "chip": "nano-64,edge-256", "detail": "full"}
        full = await client.call_tool("estimate", asked)
        assert full.structured_content == printed("estimate", str(DIGITS), "--chip", "nano-64,edge-256")

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
        top, whole = json.loads(read.contents[0].text), VERBS["chips"].schema.read()
        assert set(top["properties"]) == set(whole["properties"])
        assert "$defs" not in top
        (template,) = (await client.list_resource_templates()).resource_templates
        for definition, content in whole["$defs"].items():
            uri = template.uri_template.format(verb="chips", definition=definition)
            part = json.loads((await client.read_resource(uri)).contents[0].text)
            assert set(part) == set(content)
        all_of_it = await client.read_resource(schema + "/whole")
        assert json.loads(all_of_it.contents[0].text) == whole
        with pytest.raises(MCPError, match="the definitions are"):
            await client.read_resource(schema + "/Nothing")

    served(work, tmp_path)


def test_a_line_that_is_no_message_is_answered_and_the_next_one_is_read(tmp_path):
    begin = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "a", "version": "1"}}
    lines = ['{"bad json', '{"a":1}', json.dumps({"jsonrpc": "2.0", "id": 7, "method": "initialize", "params": begin})]
    environment = {**os.environ, "PYTHONPATH": str(Path(chipsmith.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-m", "chipsmith.start", "mcp"],
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env=environment,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer.get("error", {}).get("code") for answer in answers] == [-32700, -32600, None]
    assert [answer["id"] for answer in answers] == [None, None, 7]
    assert answers[2]["result"]["serverInfo"]["name"] == "chipsmith"


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
