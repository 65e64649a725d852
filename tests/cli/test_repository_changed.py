"""A repository whose history changes while a run waits: what goes on goes on, and what is advised elsewhere works."""

import re
import shlex
import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

Change = Callable[["Desk"], object]


def collect(desk: "Desk") -> None:
    """Whatever no branch leads to is gone for good."""
    shutil.rmtree(desk.repo / ".git" / "logs")
    desk.git("gc", "-q", "--prune=now")


def rewritten(desk: "Desk") -> None:
    """The commit that the run began with is another one now, and was collected."""
    (desk.repo / "other.py").write_text("x = 1\n")
    desk.git("add", "-A")
    desk.git("commit", "-q", "--amend", "-m", "reworded")
    collect(desk)


def deeply_rewritten(desk: "Desk") -> None:
    """So is what came before it, up to the first commit."""
    first = desk.git("rev-list", "--max-parents=0", "HEAD")
    tree = desk.git("rev-parse", "HEAD^{tree}")
    desk.git("reset", "-q", "--hard", desk.git("commit-tree", tree, "-p", first, "-m", "all in one"))
    collect(desk)


def amended_root(desk: "Desk") -> None:
    tree = desk.git("rev-parse", "HEAD^{tree}")
    desk.git("reset", "-q", "--hard", desk.git("commit-tree", tree, "-m", "another first commit"))


def amended_root_and_collected(desk: "Desk") -> None:
    amended_root(desk)
    collect(desk)


def deleted(desk: "Desk") -> None:
    desk.git("checkout", "-q", "--detach")
    desk.git("branch", "-D", "main")


def renamed(desk: "Desk") -> None:
    desk.git("branch", "-m", "main", "trunk")


def advised(desk: "Desk", text: str, **words: str) -> str:
    """The first git command in `text`, given by the person who reads it."""
    found = re.search(r"git (?:branch \S+ COMMIT|branch -m NEW \S+|apply change\.patch)", text)
    assert found is not None, text
    command = found[0]
    for word, value in words.items():
        command = command.replace(word, value)
    return desk.git(*shlex.split(command)[1:])


def planned(desk: "Desk") -> str:
    """A run that has a plan, on the third commit of its repository."""
    desk.commit({"more.py": "y = 1\n"})
    desk.commit({"more.py": "y = 2\n"})
    desk.models.knows_the_way()
    ended = desk("plan", desk.issue, "--repo", desk.repo, "--json", "-q")
    assert ended.code == 0, ended.err
    return str(ended.json["run_id"])


def approve(desk: "Desk", run: str) -> None:
    desk("diff", run)
    ended = desk("approve", run, "--patch", desk("show", run, "--json").json["patch"]["sha256"])
    assert ended.code == 0, ended.err


def elsewhere(desk: "Desk") -> None:
    desk.repo.rename(desk.repo.with_name("elsewhere"))


def back_from_elsewhere(desk: "Desk") -> None:
    desk.repo.with_name("elsewhere").rename(desk.repo)


def without_git(desk: "Desk") -> None:
    (desk.repo / ".git").rename(desk.repo / "g")


def with_git(desk: "Desk") -> None:
    (desk.repo / "g").rename(desk.repo / ".git")


def damaged(desk: "Desk") -> None:
    for path in (desk.repo / ".git" / "objects").rglob("?" * 38):
        path.chmod(0o600)
        path.write_bytes(b"junk")


class TestAnUnfinishedRun:
    @pytest.mark.parametrize("change", [rewritten, deeply_rewritten])
    def test_goes_on_with_the_base_it_kept_and_lands_on_what_is_there_now(self, desk: "Desk", change: Change) -> None:
        run = planned(desk)
        change(desk)

        resumed = desk("resume", run, "--json", "-q")

        assert resumed.json["status"] == "awaiting_approval", resumed.json["problem"]
        approve(desk, run)
        refused = desk("merge", run)
        assert (refused.code, "the target moved" in refused.err) == (4, True), refused.err
        assert f"coderoute resume {run}" in refused.err
        assert desk("resume", run, "--json", "-q").json["status"] == "awaiting_approval"
        approve(desk, run)
        assert desk("merge", run).code == 0
        assert (desk.repo / "shout.py").read_text() == desk.RIGHT
        assert desk.git("fsck", "--strict") == ""

    @pytest.mark.parametrize("change", [amended_root, amended_root_and_collected])
    def test_stops_before_it_spends_anything_where_the_history_is_another_one(
        self, desk: "Desk", change: Change
    ) -> None:
        run = planned(desk)
        change(desk)
        asked = len(desk.models.seen)

        resumed = desk("resume", run, "--json", "-q")

        assert (resumed.code, resumed.json["reason"]) == (4, "repository_changed")
        assert "the history of refs/heads/main begins with" in resumed.json["problem"]
        assert len(desk.models.seen) == asked
        assert f"coderoute cancel {run}" in resumed.json["remedy"]
        assert desk("cancel", run).code == 0
        assert desk.run("--json", "-q").json["status"] == "awaiting_approval", "the second piece of advice"

    @pytest.mark.parametrize("change", [deleted, renamed])
    def test_stops_where_its_branch_is_gone_and_goes_on_when_it_is_back(self, desk: "Desk", change: Change) -> None:
        run, base = planned(desk), desk.git("rev-parse", "HEAD")
        change(desk)

        resumed = desk("resume", run, "--json", "-q")

        assert (resumed.code, resumed.json["reason"]) == (4, "repository_changed")
        assert base in resumed.json["remedy"]
        advised(desk, resumed.json["remedy"], COMMIT=base)
        again = desk("resume", run, "--json", "-q")
        assert again.json["status"] == "awaiting_approval", again.json["problem"]

    @pytest.mark.parametrize(("change", "back"), [(elsewhere, back_from_elsewhere), (without_git, with_git)])
    def test_whose_repository_is_gone_goes_on_when_it_is_back(self, desk: "Desk", change: Change, back: Change) -> None:
        run = planned(desk)
        change(desk)

        ended = desk("resume", run)

        assert (ended.code, str(desk.repo) in ended.err) == (4, True), ended.err
        assert f"resume {run}" in ended.err
        back(desk)
        assert desk("resume", run, "--json", "-q").json["status"] == "awaiting_approval"

    def test_with_a_base_too_large_to_be_kept_goes_on_when_its_objects_are_back(
        self, desk: "Desk", monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("coderoute.adapters.repository_git.keeping.MOST_BYTES", 10)
        desk.commit({"more.py": "y = 1\n"})
        desk.models.knows_the_way()
        begun = desk("plan", desk.issue, "--repo", desk.repo, "--json")
        assert "is too large to be copied: leave its history as it is" in begun.err
        run = begun.json["run_id"]
        desk.git("clone", "-q", "--mirror", str(desk.repo), str(desk.folder / "remote"))
        rewritten(desk)

        resumed = desk("resume", run, "--json", "-q")

        assert (resumed.code, resumed.json["reason"]) == (4, "repository_changed")
        assert "has no tree" in resumed.json["problem"]
        assert "git fetch" in resumed.json["remedy"]
        desk.git("fetch", "-q", str(desk.folder / "remote"), "main:refs/heads/was")
        assert desk("resume", run, "--json", "-q").json["status"] == "awaiting_approval"


class TestAnApprovedRun:
    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (elsewhere, "does not exist"), (without_git, "is not in a git repository"),
            (damaged, "objects of the repository are damaged"),
        ],
    )  # fmt: skip
    def test_is_merged_nowhere_else(self, desk: "Desk", change: Change, said: str) -> None:
        run = desk.approved()
        change(desk)

        ended = desk("merge", run)

        assert (ended.code, said in ended.err) == (4, True), ended.err
        assert "\n  try: " in ended.err
        assert desk("show", run, "--json").json["status"] == "approved"
        assert desk("diff", run).out.startswith("diff --git"), "what was approved can still be read"

    @pytest.mark.parametrize("change", [rewritten, deeply_rewritten])
    def test_is_carried_over_to_what_is_there_now(self, desk: "Desk", change: Change) -> None:
        desk.commit({"more.py": "y = 1\n"})
        desk.commit({"more.py": "y = 2\n"})
        run = desk.approved()
        change(desk)

        refused = desk("merge", run)

        assert (refused.code, "the target moved" in refused.err) == (4, True), refused.err
        assert desk("resume", run, "--json", "-q").json["status"] == "awaiting_approval"
        approve(desk, run)
        assert desk("merge", run).code == 0

    @pytest.mark.parametrize("change", [amended_root, amended_root_and_collected])
    def test_is_not_merged_into_another_history_and_its_patch_can_be_taken_by_hand(
        self, desk: "Desk", change: Change
    ) -> None:
        run = desk.approved()
        change(desk)
        before = desk.fingerprint()

        refused = desk("merge", run)

        assert (refused.code, "the history of refs/heads/main begins with" in refused.err) == (4, True), refused.err
        assert desk.fingerprint() == before
        (desk.repo / "change.patch").write_text(desk("diff", run).out)
        advised(desk, refused.err)
        assert (desk.repo / "shout.py").read_text() == desk.RIGHT
        assert desk("reject", run, "--reason", "by hand").code == 0

    @pytest.mark.parametrize("change", [deleted, renamed])
    def test_is_merged_when_its_branch_is_back(self, desk: "Desk", change: Change) -> None:
        run, base = desk.approved(), desk.git("rev-parse", "HEAD")
        change(desk)

        refused = desk("merge", run)

        assert (refused.code, "'refs/heads/main' is not a branch" in refused.err) == (4, True), refused.err
        assert f"coderoute merge {run}" in refused.err
        advised(desk, refused.err, COMMIT=base)
        merged = desk("merge", run)
        assert merged.code == 0, merged.err
        assert desk.git("show", "main:shout.py") == desk.RIGHT.strip()

    def test_without_a_branch_is_refused_where_its_commit_is_no_longer_there(self, desk: "Desk") -> None:
        """Its own store has the commit still, but a branch on it would have no history in the repository."""
        desk.commit({"more.py": "y = 1\n"})
        desk.git("checkout", "-q", "--detach")
        run = desk.approved()
        was = desk.git("rev-parse", "HEAD")
        desk.git("clone", "-q", "--mirror", str(desk.repo), str(desk.folder / "remote"))
        desk.git("checkout", "-q", "main")
        desk.git("reset", "-q", "--hard", "HEAD^")
        collect(desk)
        refs = desk.git("for-each-ref")

        refused = desk("merge", run)

        assert (refused.code, f"no longer has {was}" in refused.err) == (4, True), refused.err
        assert desk.git("for-each-ref") == refs
        desk.git("fetch", "-q", str(desk.folder / "remote"), "main")
        assert desk("merge", run).code == 0
        assert desk.git("fsck", "--strict") == ""
