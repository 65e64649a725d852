"""What the command line's runs send to a model provider."""

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.conftest import Desk


def test_a_gateway_can_tell_every_request_of_every_stage(desk: "Desk") -> None:
    run, _ = desk.to_the_gate()
    assert set(desk.models.runs) == {run}
    assert desk.models.seen == [
        ("plan", "-", "1"),
        ("execute", "test", "1"),
        ("execute", "test", "1"),
        ("execute", "fix", "1"),
        ("execute", "fix", "1"),
        ("review", "-", "1"),
    ]


def test_a_direct_attempt_is_stage_execute_and_step_direct(desk: "Desk") -> None:
    desk.issue.write_text("# Fix typo\n\nFix the typo in the comment of shout.py\n")
    desk.models.writes("direct", "shout.py", desk.RIGHT)
    desk.run("--json", "-q")
    assert ("execute", "direct", "1") in desk.models.seen


def test_what_is_sent_again_is_marked_for_the_cache_and_every_turn_begins_with_the_one_before(desk: "Desk") -> None:
    desk.to_the_gate()
    bodies = [json.loads(body) for body in desk.models.bodies]
    first, second = (body for body, seen in zip(bodies, desk.models.seen, strict=True) if seen[1] == "fix")
    assert "cache_control" in first["messages"][-1]["content"][-1]
    assert (first["tools"], first["system"]) == (second["tools"], second["system"])
    del first["messages"][0]["content"][-1]["cache_control"], second["messages"][0]["content"][-1]["cache_control"]
    assert second["messages"][: len(first["messages"])] == first["messages"]
