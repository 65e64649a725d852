"""The gate by hand: only the patch's hash approves, and nothing else is taken for it."""

import hashlib
import json
import sqlite3
from typing import TYPE_CHECKING

import pytest

from coderoute.domain import places
from coderoute.wiring import open_house

if TYPE_CHECKING:
    from coderoute.cli.screen.talk import Decided
    from tests.cli.conftest import Desk, Ended


ENTER = "\n"
ALL = 12 * ENTER
"""More than it takes to see all of a small change."""


def at(desk: "Desk", run: str, typed: str) -> "Ended":
    """The gate on a terminal, where a person types."""
    return desk("gate", run, stdin=typed.encode(), terminal=True)


def status(desk: "Desk", run: str) -> str:
    return str(desk("show", run, "--json").json["status"])


def test_without_a_terminal_the_gate_prints_everything_and_asks_nothing(desk: "Desk") -> None:
    run, sha256 = desk.to_the_gate()

    ended = desk("gate", run)

    assert "gate> " not in ended.out
    for part in ("PLAN", "TESTS", "REVIEW", "ADMISSION", "COST", "+def test_nothing():", sha256[:12]):
        assert part in ended.out, part


@pytest.mark.parametrize("typed", ["", "\n", "y\n", "yes\n", "approve\n", "{sha256:.11}\n", "0" * 64 + "\n"])
def test_anything_but_the_hash_leaves_the_run_waiting(typed: str, desk: "Desk") -> None:
    run, sha256 = desk.to_the_gate()
    before = desk.fingerprint()

    ended = at(desk, run, ALL + typed.format(sha256=sha256))

    assert ended.code == 0
    assert f"coderoute gate {run}" in ended.out
    assert status(desk, run) == "awaiting_approval"
    assert desk.fingerprint() == before


def test_the_hash_approves_nothing_while_something_was_not_shown(desk: "Desk") -> None:
    run, sha256 = desk.to_the_gate()

    for seen in ("", ENTER, "n\n", "f 2\n"):
        ended = at(desk, run, f"{seen}{sha256}\n")
        assert "missing: " in ended.out, seen
        assert status(desk, run) == "awaiting_approval", seen
        assert desk("approve", run, "--patch", sha256).code == 4, "nor from another terminal"
    assert "missing: the evidence" in at(desk, run, f"n\nn\n{sha256}\n").out
    assert status(desk, run) == "awaiting_approval"


def test_the_hash_approves_and_merges(desk: "Desk") -> None:
    run, sha256 = desk.to_the_gate()

    ended = at(desk, run, f"{ALL}{sha256[:12]}\n")

    assert ended.code == 0
    assert (desk.repo / "shout.py").read_text() == desk.RIGHT
    doc = desk("show", run, "--json").json
    assert (doc["status"], doc["approval"]["channel"]) == ("merged", "terminal")
    assert doc["review_burden"]["measured_by"] == ["gate"], "and it is not counted once more"


def test_the_time_at_the_gate_is_measured_whatever_was_decided(desk: "Desk", monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 120.0, 1000.0, 5000.0])  # a clock of our own: real minutes would take minutes
    monkeypatch.setattr("coderoute.cli.screen.terminal.Watch.monotonic", staticmethod(lambda: next(clock)))
    run, _ = desk.to_the_gate()
    assert desk("show", run, "--json").json["review_burden"]["measured_min"] is None

    at(desk, run, "q\n")
    at(desk, run, "back use an f-string\n")

    doc = desk("show", run, "--json").json
    burden = doc["review_burden"]
    assert (burden["measured_min"], burden["measured_by"]) == (12.0, ["gate"]), "a long silence counts ten minutes"
    assert (doc["cost"]["review_min"], doc["cost"]["review_usd"]) == (12.0, burden["measured_usd"])


def test_the_time_between_looking_and_approving_is_measured_and_labelled(desk: "Desk") -> None:
    burden = desk("show", desk.approved(), "--json").json["review_burden"]

    assert burden["measured_by"] == ["between_commands"]
    assert burden["measured_min"] is not None


def test_a_look_without_a_terminal_is_not_measured(desk: "Desk") -> None:
    run, _ = desk.to_the_gate()
    desk("gate", run)

    assert desk("show", run, "--json").json["review_burden"]["measured_min"] is None


def test_a_hash_that_is_piped_in_approves_nothing(desk: "Desk") -> None:
    run, sha256 = desk.to_the_gate()

    ended = desk("gate", run, stdin=f"{sha256}\n".encode())

    assert ended.code == 0
    assert f"approve {run} --patch {sha256[:12]}" in ended.out
    assert status(desk, run) == "awaiting_approval"


def test_run_opens_the_gate_on_a_terminal(desk: "Desk") -> None:
    desk.models.knows_the_way()

    ended = desk("run", desk.issue, "--repo", desk.repo, terminal=True, stdin=b"reject no\n")

    assert ended.code == 3
    assert "gate> " in ended.out
    assert desk.runs[0]["status"] == "rejected"


def test_no_option_of_run_opens_the_gate_by_itself(desk: "Desk") -> None:
    desk.models.knows_the_way()

    ended = desk("run", desk.issue, "--repo", desk.repo, "--json", terminal=True, stdin=b"y\n")

    assert ended.json["status"] == "awaiting_approval"


def test_a_reason_rejects(desk: "Desk") -> None:
    run, _ = desk.to_the_gate()

    assert at(desk, run, "reject too clever\n").code == 3
    assert status(desk, run) == "rejected"


def test_a_comment_sends_back(desk: "Desk") -> None:
    run, _ = desk.to_the_gate()

    ended = at(desk, run, "back use an f-string\n")

    assert f"coderoute resume {run}" in ended.out
    assert status(desk, run) == "interrupted"


def test_each_protected_item_is_acknowledged_before_the_hash_counts(desk: "Desk") -> None:
    desk.models.knows_the_way()
    doc = desk.run("-c", 'gate.protected_paths=["shout.py"]', "--json", "-q").json
    run, name = doc["run_id"], doc["patch"]["sha256"][:12]

    for typed in ("", "yes\n", "a\nno\n", "a\ny\n", "a\n\nyes\n"):
        ended = at(desk, run, f"{ALL}d\n{typed}{name}\n")
        assert ended.code == 0, typed
        assert "1 of 1 protected items are still to be acknowledged" in ended.out, typed
        assert status(desk, run) == "awaiting_approval", typed
    assert at(desk, run, f"{ALL}a\nyes\n{name}\n").code == 0
    assert status(desk, run) == "merged"


def test_comments_are_sent_back_with_their_places(desk: "Desk") -> None:
    run, _ = desk.to_the_gate()

    ended = at(desk, run, "/def shout\nc 2: use an f-string\ns and shorter\n")

    assert f"coderoute resume {run}" in ended.out
    assert status(desk, run) == "interrupted"
    sent = open_house().store.record(run, places.send_back(1))
    assert sent is not None
    assert json.loads(sent) == "shout.py:2: use an f-string\nand shorter"


def test_comments_that_were_not_sent_are_printed(desk: "Desk") -> None:
    run, _ = desk.to_the_gate()

    ended = at(desk, run, "n\nc why?\nq\n")

    assert "not sent:\n  tests/test_shout.py:6: why?" in ended.out


def test_comments_of_one_who_approves_are_kept_as_their_note(desk: "Desk") -> None:
    run, sha256 = desk.to_the_gate()

    at(desk, run, f"c nice\n{ALL}{sha256}\n")

    doc = desk("show", run, "--json").json
    assert (doc["status"], doc["approval"]["note"]) == ("merged", "nice")


def test_the_patch_in_a_file_is_the_patch_and_counts_as_shown(desk: "Desk") -> None:
    run, sha256 = desk.to_the_gate()
    file = desk.folder / "out.patch"

    ended = at(desk, run, f"e {file}\ne {file}\nq\n")

    assert hashlib.sha256(file.read_bytes()).hexdigest() == sha256
    assert "is there already" in " ".join(ended.out.split())
    assert desk("approve", run, "--patch", sha256).code == 0


def test_evidence_that_changed_behind_the_screen_is_not_approved(desk: "Desk", monkeypatch: pytest.MonkeyPatch) -> None:
    from coderoute.cli.screen.talk import Talk

    run, sha256 = desk.to_the_gate()
    hold = Talk.hold

    def held(talk: Talk) -> "Decided":
        decided = hold(talk)
        with sqlite3.connect(open_house().folder / "runs.db") as db:
            db.execute("UPDATE records SET value = replace(value, 'So.', 'But.') WHERE key = 'review/1'")
        return decided

    monkeypatch.setattr(Talk, "hold", held)
    ended = at(desk, run, f"{ALL}{sha256}\n")

    assert ended.code == 4
    assert "the evidence is no longer what was on the screen" in ended.err
    assert status(desk, run) == "awaiting_approval"


def test_a_target_that_moved_is_told_before_the_reading_and_its_merge_is_refused(desk: "Desk") -> None:
    run, sha256 = desk.to_the_gate()
    desk.commit({"other.py": "x = 1\n"})
    moved = desk.git("rev-parse", "main")

    ended = at(desk, run, f"{ALL}{sha256}\n")

    assert ended.out.index("THE TARGET MOVED") < ended.out.index("PLAN")
    assert ended.code == 4
    assert "the target moved" in ended.err
    assert desk.git("rev-parse", "main") == moved


def test_a_merge_that_is_refused_at_the_gate_is_code_4_and_the_run_stays_approved(desk: "Desk") -> None:
    run, sha256 = desk.to_the_gate()
    (desk.repo / "shout.py").write_text("# mine\n")

    ended = at(desk, run, f"{ALL}{sha256[:12]}\n")

    assert ended.code == 4
    assert "git merge --ff-only" in ended.err
    assert status(desk, run) == "approved"


def test_a_run_that_is_not_at_the_gate(desk: "Desk") -> None:
    desk.models.plans()  # nothing to do
    run = desk.run("--json", "-q").json["run_id"]

    ended = desk("gate", run)

    assert ended.code == 4
    assert f"run {run} is blocked" in ended.err
