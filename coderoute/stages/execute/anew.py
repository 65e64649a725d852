"""A conversation that has become too long begins anew: in the same sandbox, with an account of what was done.

It is not shortened in place: a provider refuses thinking whose past was changed, and each change of the past is a
cache to be written again. So it happens rarely, all at once, and what follows is short.
"""

import json
from collections.abc import Sequence

from coderoute.domain.conversation import ToolCall
from coderoute.domain.visible import one_line
from coderoute.prompt import fence
from coderoute.stages.execute.offered import EDITS, RUN
from coderoute.stages.execute.repeats import Told

FEWEST_TURNS = 3
"""Of a conversation that is worth beginning anew: with fewer it would be too long again at once."""
MAX_ROWS = 120
ROW_CHARS = 240
LAST_CHARS = 6_000
"""Of each result of the last turn."""


def so_far(told: Sequence[Told], nonce: str) -> str:
    """The part of the opening that says what was done before; empty where nothing was."""
    if not told:
        return ""
    rows = [row(one) for one in told[-MAX_ROWS:]]
    last = [f"{row(one)}\n{one.result.text[:LAST_CHARS]}" for one in told if one.turn == told[-1].turn]
    text = "\n".join(rows) + "\n\nThe last results:\n" + "\n\n".join(last)
    return (
        "## What you did so far\n\nThis conversation became too long and begins anew. The sandbox is the same: the "
        "files hold your changes. Go on from here; read again only what you need. Your calls, oldest first:\n\n"
        + fence("calls", text, nonce)
    )


def row(one: Told) -> str:
    """A call with the first line of its result."""
    return one_line(f"turn {one.turn}: {one.call.name} {asked(one.call)} -> {one_line(one.result.text)}", ROW_CHARS)


def asked(call: ToolCall) -> str:
    arguments = call.arguments or {}
    if call.name in EDITS:
        return str(arguments.get("path", ""))
    if call.name == RUN.name:
        return str(arguments.get("command", "")).replace("\n", "; ")
    return json.dumps(arguments, ensure_ascii=False)
