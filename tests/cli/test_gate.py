"""The gate by hand: only the patch's hash approves, and nothing else is taken for it."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Desk, Ended


def at(desk: "Desk", run: str, typed: str) -> "Ended":
    """The gate on a terminal, where a person types."""
    return desk("gate", run, stdin=typed.encode(), terminal=True)


def status(desk: "Desk", run: str) -> str:
    return str(desk("show", run, "--json").json["status"])


def test_the_gate_shows_the_evidence_and_the_whole_patch(desk: "Desk") -> None:
    run, sha256 = desk.to_the_gate()

    ended = desk("gate", run)

    for part in ("PLAN", "TESTS", "REVIEW", "ADMISSION", "COST", "+def test_nothing():", sha256[:12]):
        assert part in ended.out, part


@pytest.mark.parametrize("typed", ["", "\n", "y\n", "yes\n", "approve\n", "{sha256:.11}\n", "0" * 64 + "\n"])
def test_anything_but_the_hash_leaves_the_run_waiting(typed: str, desk: "Desk") -> None:
    run, sha256 = desk.to_the_gate()
    before = desk.fingerprint()

    ended = at(desk, run, typed.format(sha256=sha256))

    assert ended.code == 0
    assert f"coderoute gate {run}" in ended.out
    assert status(desk, run) == "awaiting_approval"
    assert desk.fingerprint() == before


def test_the_hash_approves_and_merges(desk: "Desk") -> None:
    run, sha256 = desk.to_the_gate()

    ended = at(desk, run, f"{sha256[:12]}\n")

    assert ended.code == 0
    assert (desk.repo / "shout.py").read_text() == desk.RIGHT
    doc = desk("show", run, "--json").json
    assert (doc["status"], doc["approval"]["channel"]) == ("merged", "terminal")
    assert doc["review_burden"]["measured_by"] == ["gate"], "and it is not counted once more"


def test_the_time_at_the_gate_is_measured_whatever_was_decided(desk: "Desk", monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 120.0, 1000.0, 5000.0])  # a clock of our own: real minutes would take minutes
    monkeypatch.setattr("coderoute.cli.gate.Watch.monotonic", staticmethod(lambda: next(clock)))
    run, _ = desk.to_the_gate()
    assert desk("show", run, "--json").json["review_burden"]["measured_min"] is None

    at(desk, run, "not now\n")
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
    assert "type" in ended.out or ">" in ended.out
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

    for typed in ("", "\n", f"no\n{name}\n", f"y\n{name}\n"):
        ended = at(desk, run, typed)
        assert ended.code == 0, typed
        assert "shout.py" in ended.out
        assert status(desk, run) == "awaiting_approval", typed
    assert at(desk, run, f"yes\n{name}\n").code == 0
    assert status(desk, run) == "merged"


def test_a_protected_item_need_not_be_acknowledged_to_send_the_change_back(desk: "Desk") -> None:
    desk.models.knows_the_way()
    run = desk.run("-c", 'gate.protected_paths=["shout.py"]', "--json", "-q").json["run_id"]

    at(desk, run, "no\nback leave shout.py alone\n")

    assert status(desk, run) == "interrupted"


def test_a_merge_that_is_refused_at_the_gate_is_code_4_and_the_run_stays_approved(desk: "Desk") -> None:
    run, sha256 = desk.to_the_gate()
    (desk.repo / "shout.py").write_text("# mine\n")

    ended = at(desk, run, f"{sha256[:12]}\n")

    assert ended.code == 4
    assert "git merge --ff-only" in ended.err
    assert status(desk, run) == "approved"


def test_a_run_that_is_not_at_the_gate(desk: "Desk") -> None:
    desk.models.plans()  # nothing to do
    run = desk.run("--json", "-q").json["run_id"]

    ended = desk("gate", run)

    assert ended.code == 4
    assert f"run {run} is blocked" in ended.err


def test_what_hides_in_a_patch_is_spelled_out(desk: "Desk") -> None:
    desk.models.knows_the_way()
    sneaky = desk.RIGHT + "# \x1b[8mhidden\x1b[0m\n"
    desk.models.script = [entry for entry in desk.models.script if entry[1] != "fix"]
    desk.models.writes("fix", "shout.py", sneaky)
    desk.models.writes("fix", "shout.py", desk.RIGHT, attempt=2)
    ended = desk.run("--json", "-q")
    run = ended.json["run_id"]

    shown = desk("gate", run).out + desk("show", run).out + ended.out

    assert "\x1b" not in shown
