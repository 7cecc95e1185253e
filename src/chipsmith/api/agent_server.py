"""The verbs, served to an agent by the Model Context Protocol over standard input and output.

Each call is a process of its own, which does what the command line does and prints one JSON object: its memory goes
when it is done, a call that is cancelled ends it and all that it started, and its errors are those of the command.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import chipsmith
from chipsmith.api.agent_lines import answer_faulty_lines
from chipsmith.api.agent_results import Detail, shorten, shorten_text
from chipsmith.api.agent_schemas import TEMPLATE, read_schema, schema_uri
from chipsmith.api.agent_text import describe_tool
from chipsmith.api.agent_tools import RESULT_SCHEMA, command_words, input_schema, read_detail
from chipsmith.api.verb import AnyVerb
from chipsmith.console.presentation import TEXT_VARIABLE
from chipsmith.console.progress import PROGRESS_VARIABLE, ProgressForm
from chipsmith.errors import BadInput, CheckFailed, ChipsmithError, OperatorRefused
from chipsmith.processors import processors
from chipsmith.schema import SCHEMA_VERSION, Json

if TYPE_CHECKING:
    from anyio.abc import Process
    from mcp.server.context import ServerRequestContext
    from mcp.server.lowlevel import Server
    from mcp_types import (
        CallToolRequestParams,
        CallToolResult,
        ListResourcesResult,
        ListResourceTemplatesResult,
        ListToolsResult,
        PaginatedRequestParams,
        ReadResourceRequestParams,
        ReadResourceResult,
    )

INSTRUCTIONS = (
    "Chipsmith designs neural networks and the chips they run on. `recipes` and `chips` list what there is; `run` goes "
    "from raw data to a chip and leaves a run folder; `compile`, `estimate`, `simulate` and `explain` take a network "
    "file or a program; `runs` and `compare` read run folders; `search` looks for networks and chips within budgets. "
    "Cycles and bits are simulated exactly; energy, area and cost are estimates: each result says how it was obtained. "
    "Files are named relative to the folder in which the server was started. A run takes minutes and tells its stages. "
    "Long lists of a result are cut, and `cut` says which; detail=full gives all."
)
_MESSAGE = "chipsmith: "
_GRACE_S = 5.0
"""Seconds in which a call that is cancelled may put its files in order."""
_KINDS = {error.exit_code: error.__name__ for error in (CheckFailed, BadInput, OperatorRefused)}


@dataclass(frozen=True, kw_only=True)
class CommandOutcome:
    """What a command left: its exit code, its one JSON object (None where it printed none), its message.

    `text` is what it prints for people, empty where it was not asked.
    """

    exit_code: int
    result: Json | None
    message: str
    text: str = ""


def build_server(verbs: Mapping[str, AnyVerb]) -> Server[Any]:
    """A server whose tools are these verbs, by name, and whose resources are the schemas of their files.

    As many calls are at work at once as there are processors; others wait.
    """
    import anyio
    from mcp.server.lowlevel import Server
    from mcp.shared.exceptions import MCPError
    from mcp_types import INVALID_PARAMS, ListToolsResult

    tools = [_tool(verb) for verb in verbs.values()]
    limiter = anyio.CapacityLimiter(processors())

    async def list_tools(_: ServerRequestContext, __: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=tools)

    async def call_tool(context: ServerRequestContext, params: CallToolRequestParams) -> CallToolResult:
        verb = verbs.get(params.name)
        if verb is None:
            raise MCPError(code=INVALID_PARAMS, message=f"there is no tool {params.name}")
        async with limiter:
            return await _call(verb, params.arguments or {}, context)

    async def list_resources(_: ServerRequestContext, __: PaginatedRequestParams | None) -> ListResourcesResult:
        return _list_schemas(verbs)

    async def read_resource(_: ServerRequestContext, params: ReadResourceRequestParams) -> ReadResourceResult:
        return _read_schema(verbs, str(params.uri))

    async def list_templates(_: ServerRequestContext, __: PaginatedRequestParams | None) -> ListResourceTemplatesResult:
        return _list_definitions()

    return Server(
        "chipsmith",
        version=chipsmith.__version__,
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_read_resource=read_resource,
        on_list_resource_templates=list_templates,
    )


def serve(verbs: Mapping[str, AnyVerb]) -> None:
    """Serve these verbs on standard input and output until the agent closes them."""
    import anyio

    anyio.run(_serve, verbs)


async def _serve(verbs: Mapping[str, AnyVerb]) -> None:
    from mcp.server.stdio import stdio_server

    server = build_server(verbs)
    async with stdio_server() as (read, write), answer_faulty_lines(read, write) as messages:
        await server.run(messages, write, server.create_initialization_options())


def _tool(verb: AnyVerb) -> Any:
    from mcp_types import Tool, ToolAnnotations

    return Tool(
        name=verb.name,
        description=describe_tool(verb),
        input_schema=input_schema(verb),
        output_schema=RESULT_SCHEMA,
        annotations=ToolAnnotations(open_world_hint=False),
    )


async def _call(verb: AnyVerb, arguments: Mapping[str, Any], context: ServerRequestContext) -> CallToolResult:
    try:
        words, detail = command_words(verb, arguments), read_detail(arguments)
    except ChipsmithError as error:
        return _tool_result(CommandOutcome(exit_code=error.exit_code, result=None, message=str(error)))
    return _tool_result(await _run_command(words, context), detail)


def _tool_result(outcome: CommandOutcome, detail: Detail = Detail.BRIEF) -> CallToolResult:
    """The object of the command, and what the command prints for people; its message before that where it failed."""
    from mcp_types import CallToolResult, TextContent

    failed = outcome.exit_code != 0
    whole = _error(outcome) if outcome.result is None else outcome.result
    content = shorten(whole) if detail is Detail.BRIEF else whole
    texts = [text for text in (outcome.message if failed else "", shorten_text(outcome.text)) if text]
    return CallToolResult(
        content=[TextContent(text=text) for text in texts], structured_content=content, is_error=failed
    )


def _error(outcome: CommandOutcome) -> Json:
    kind = _KINDS.get(outcome.exit_code, "Interrupted")
    error = {"kind": kind, "exit_code": outcome.exit_code, "message": outcome.message}
    return {"schema_version": SCHEMA_VERSION, "error": error}


async def _run_command(words: Sequence[str], context: ServerRequestContext) -> CommandOutcome:
    """Run a command in a process of its own; its stages are told to the agent. Cancelled, the process ends."""
    import anyio

    with tempfile.TemporaryDirectory(prefix="chipsmith-") as folder:
        text = Path(folder) / "text"
        async with _open_command(words, text) as process, anyio.create_task_group() as tasks:
            printed: list[bytes] = []
            told: list[str] = []
            tasks.start_soon(_read_all, process.stdout, printed)
            tasks.start_soon(_tell_lines, process.stderr, told, context)
            exit_code = await process.wait()
        shown = text.read_text(encoding="utf-8") if text.is_file() else ""
    return dataclasses.replace(_outcome(exit_code, b"".join(printed), told), text=shown)


@contextlib.asynccontextmanager
async def _open_command(words: Sequence[str], text: Path) -> AsyncIterator[Process]:
    """The command, at work in a group of processes of its own, which has ended when the block is left.

    What it prints for people goes to the file `text`.
    """
    import anyio

    process = await anyio.open_process(
        [sys.executable, "-m", "chipsmith.start", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, PROGRESS_VARIABLE: ProgressForm.LINES.value, TEXT_VARIABLE: str(text)},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            with anyio.CancelScope(shield=True):
                await _end(process)


async def _end(process: Process) -> None:
    """Ask the group to end, and end it where it does not in time."""
    import anyio

    _signal_group(process.pid, signal.SIGTERM)
    with anyio.move_on_after(_GRACE_S):
        await process.wait()
    _signal_group(process.pid, signal.SIGKILL)
    await process.wait()


def _signal_group(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)


async def _read_all(stream: Any, parts: list[bytes]) -> None:
    parts.extend([part async for part in stream])


async def _tell_lines(stream: Any, lines: list[str], context: ServerRequestContext) -> None:
    """Keep the lines that a command says, and tell each to the agent as it comes."""
    from anyio.streams.text import TextReceiveStream

    rest = ""
    async for text in TextReceiveStream(stream, errors="replace"):
        *whole, rest = (rest + text).split("\n")
        for line in whole:
            lines.append(line)
            await context.session.report_progress(len(lines), None, line)
    if rest:
        lines.append(rest)


def _outcome(exit_code: int, printed: bytes, told: Sequence[str]) -> CommandOutcome:
    """What the process left; its message is all that it said from the last line on that begins as a message does."""
    try:
        result = json.loads(printed)
    except ValueError:
        result = None
    begin = max((index for index, line in enumerate(told) if line.startswith(_MESSAGE)), default=len(told))
    said = "\n".join(told[begin:]).removeprefix(_MESSAGE).strip() or "\n".join(told[-5:]).strip()
    message = said or f"the command ended with exit code {exit_code} and said nothing"
    return CommandOutcome(exit_code=exit_code, result=result, message="" if exit_code == 0 else message)


def _list_schemas(verbs: Mapping[str, AnyVerb]) -> ListResourcesResult:
    from mcp_types import ListResourcesResult, Resource

    return ListResourcesResult(
        resources=[
            Resource(
                name=f"{name} schema",
                uri=schema_uri(name),
                description=f"The JSON Schema of {verb.schema.of}: its top, whose $refs are resources.",
                mime_type="application/schema+json",
            )
            for name, verb in verbs.items()
            if verb.schema is not None
        ]
    )


def _list_definitions() -> ListResourceTemplatesResult:
    from mcp_types import ListResourceTemplatesResult, ResourceTemplate

    said = "One definition of a schema, by its name in the schema's $refs; `whole` is all of it."
    template = ResourceTemplate(
        name="schema definition", uri_template=TEMPLATE, description=said, mime_type="application/schema+json"
    )
    return ListResourceTemplatesResult(resource_templates=[template])


def _read_schema(verbs: Mapping[str, AnyVerb], uri: str) -> ReadResourceResult:
    from mcp.shared.exceptions import MCPError
    from mcp_types import INVALID_PARAMS, ReadResourceResult, TextResourceContents

    try:
        text = read_schema(verbs, uri)
    except BadInput as error:
        raise MCPError(code=INVALID_PARAMS, message=str(error)) from error
    return ReadResourceResult(contents=[TextResourceContents(uri=uri, mime_type="application/schema+json", text=text)])
