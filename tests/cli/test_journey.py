"""The main road by commands: run, diff, approve, merge; and what each prints."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.conftest import Desk


def test_from_an_issue_to_a_commit(desk: "Desk") -> None:
    before = desk.fingerprint()
    run, sha256 = desk.to_the_gate()
    assert desk.fingerprint() == before, "until the merge nothing in the repository changes"

    assert desk("diff", run).code == 0
    approved = desk("approve", run, "--patch", sha256[:12])
    assert (approved.code, f"coderoute merge {run}" in approved.out) == (0, True)
    merged = desk("merge", run)

    assert merged.code == 0
    assert (desk.repo / "shout.py").read_text() == desk.RIGHT
    assert desk.git("status", "--porcelain") == ""
    assert desk.git("rev-parse", "main") == desk.git("rev-parse", f"coderoute/shout-of-nothing-{run}")
    assert desk.git("log", "-1", "--format=%an <%ae> %s") == "Ada <ada@example.invalid> Nothing stays nothing"
    trailers = desk.git("log", "-1", "--format=%(trailers:only)")
    assert f"Coderoute-Run: {run}" in trailers
    assert "Approved-by: " in trailers
    assert desk.git("fsck", "--strict") == ""
