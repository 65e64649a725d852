"""Calls that were answered before and cannot bring anything new: the model hears when, and does something else."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from coderoute.domain.conversation import ToolCall, ToolResult
from coderoute.stages.execute.offered import CHANGES_THE_SANDBOX, RUN

ANSWERS = 2
"""Times the same look-up gets the same text: a model may have lost it from its mind."""
NOT_AGAIN = "not run again: "
SHORT_CHARS = 300
"""An answer that is no longer than our word about it is simply given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A call that was answered, and the turn in which it was."""

    turn: int
    call: ToolCall
    result: ToolResult


def not_again(call: ToolCall, told: Sequence[Told]) -> ToolResult | None:
    """What to say to a command that ran already while nothing has changed since; None if it is to be run."""
    if call.name != RUN.name:
        return None
    for earlier in reversed(told):
        if earlier.call.name not in CHANGES_THE_SANDBOX or earlier.result.is_error or was_not_run(earlier.result):
            continue
        if not is_same(earlier.call, call):
            return None
        ended = earlier.result.text.split("\n", 1)[0]
        return ToolResult(
            call_id=call.id,
            text=f"{NOT_AGAIN}nothing has changed since turn {earlier.turn}, where this command ended with: {ended}. "
            "What it printed stands there. Change something, run another command, or finish.",
        )
    return None


def was_not_run(result: ToolResult) -> bool:
    return result.text.startswith(NOT_AGAIN)


def not_the_same_again(call: ToolCall, result: ToolResult, told: Sequence[Told]) -> ToolResult:
    """`result`, or a short word in its place where this look-up had the same answer twice already."""
    same = [earlier.turn for earlier in told if is_same(earlier.call, call) and earlier.result.text == result.text]
    if result.is_error or len(same) < ANSWERS or len(result.text) <= SHORT_CHARS:
        return result
    turns = " and ".join(map(str, same[-ANSWERS:]))
    return replace(
        result,
        text=f"the same as in turns {turns}, where it is shown; nothing of it has changed since. Work with what stands "
        "there, or look at something else.",
    )


def is_same(one: ToolCall, other: ToolCall) -> bool:
    return one.name == other.name and one.arguments is not None and one.arguments == other.arguments
