"""The door for agents: mcp."""

from chipsmith.api.verb import Verb
from chipsmith.console.presentation import Presentation
from chipsmith.extras import require_package


def mcp() -> None:
    """Serve every verb to an agent as a tool with typed arguments, by the Model Context Protocol on stdin and stdout.

    An agent's host starts `chipsmith mcp` and speaks with it; the call returns when the host closes standard input.
    Each tool has the name and the arguments of its verb and gives the object of `--json`; errors are those of the
    command line, as results that the agent can read. A call is a process of its own, which ends where it is cancelled.
    Raises BadInput where the package `mcp` is not installed.
    """
    require_package("mcp", extra="agents", task="serve an agent")
    from chipsmith.api.agent_server import serve
    from chipsmith.api.table import WORK_VERBS

    serve(WORK_VERBS)


def _present(_: None) -> Presentation | None:
    """Nothing: standard output is the agent's."""
    return None


AGENT_VERBS = (Verb(function=mcp, present=_present),)
