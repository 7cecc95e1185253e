"""Lines on standard input that are no messages of the protocol, each answered with the error of JSON-RPC."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mcp.shared.message import SessionMessage

_NO_JSON = "json_invalid"
"""What pydantic calls a text that is no JSON."""


@asynccontextmanager
async def answer_faulty_lines(read: Any, write: Any) -> AsyncIterator[Any]:
    """What `read` gives without its faults; each of these is answered on `write`, and the next line is read.

    A line that is no JSON has the code -32700, JSON that is no message -32600.
    """
    import anyio

    sender, receiver = anyio.create_memory_object_stream[Any](0)

    async def pass_on() -> None:
        async with sender:
            async for item in read:
                if isinstance(item, Exception):
                    await write.send(_answer(item))
                else:
                    await sender.send(item)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(pass_on)
        yield receiver
        tasks.cancel_scope.cancel()


def _answer(fault: Exception) -> SessionMessage:
    from mcp.shared.message import SessionMessage
    from mcp_types import INVALID_REQUEST, PARSE_ERROR, ErrorData, JSONRPCError
    from pydantic import ValidationError

    rows = fault.errors() if isinstance(fault, ValidationError) else []
    if any(row["type"] == _NO_JSON for row in rows):
        error = ErrorData(code=PARSE_ERROR, message="the line is no JSON: a message is one JSON object on one line")
    else:
        error = ErrorData(code=INVALID_REQUEST, message="the object is no message of JSON-RPC 2.0")
    return SessionMessage(JSONRPCError(jsonrpc="2.0", id=None, error=error))
