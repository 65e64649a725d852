"""The commands that a workflow's steps call, each by itself; the forge and the models in memory."""

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from coderoute.adapters.forge_inmemory import InMemoryForge
from coderoute.domain.bundle import Bundle, lines
from coderoute.domain.ci_event import issue_sha256
from coderoute.domain.forge import Access, ForgeRepository
from coderoute.domain.task import Task
from coderoute.flow.bundle import bundle_of
from coderoute.flow.bundle.records import journal_over
from coderoute.flow.candidate import exhibit
from coderoute.flow.finding import found
from coderoute.journal import from_json, to_json
from coderoute.ports import RunStore
from coderoute.wiring import ci as jobs
from coderoute.wiring import open_house

EVENTS = Path(__file__).parent / "events"
WIDGETS = ForgeRepository(server="https://github.com", owner="acme", name="widgets")
OF_ALICE = ("--issue", "acme/widgets#1", "--actor", "alice")
TITLE, BODY = "add() is wrong for negative numbers", "```python\nadd(-1, 1)  # 2\n```\nExpected 0."


class Runner:
    """A job on a runner: the files that its steps write, and what is in them."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._monkeypatch = monkeypatch
        self.output = folder / "output"
        self.summary = folder / "summary"

    def begins(self, event: str, name: str) -> None:
        path = self._folder / "event.json"
        shutil.copy(EVENTS / f"{event}.json", path)
        values = {
            "GITHUB_EVENT_NAME": name, "GITHUB_EVENT_PATH": path, "GITHUB_REPOSITORY": "acme/widgets",
            "GITHUB_SERVER_URL": "https://github.com", "GITHUB_OUTPUT": self.output,
            "GITHUB_STEP_SUMMARY": self.summary, "GITHUB_TOKEN": "ghs_0123456789abcdefghijABCDEFGHIJ012345",
            "CI": "true", "GITHUB_ACTIONS": "true",
        }  # fmt: skip
        for variable, value in values.items():
            self._monkeypatch.setenv(variable, str(value))
        for file in (self.output, self.summary):
            file.write_text("")

    def change(self, **more: Any) -> None:
        """Something else in the event."""
        path = self._folder / "event.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | more))

    @property
    def outputs(self) -> dict[str, str]:
        """As GitHub reads them."""
        rows = self.output.read_text().splitlines()
        found = {}
        while rows:
            name, _, delimiter = rows.pop(0).partition("<<")
            value = []
            while (row := rows.pop(0)) != delimiter:
                value.append(row)
            found[name] = "\n".join(value)
        return found


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    folder = tmp_path / "runner"
    folder.mkdir()
    return Runner(folder, monkeypatch)


@pytest.fixture
def forge(monkeypatch: pytest.MonkeyPatch) -> InMemoryForge:
    """acme/widgets with an issue of carol's, whom alice and bob may answer with a run."""
    found = InMemoryForge(repository=WIDGETS)
    found.person("alice", Access.ADMIN)
    found.person("carol", Access.READ)
    found.open_issue(TITLE, BODY, author="carol")
    for name in ("gate", "merge_gate"):
        monkeypatch.setitem(getattr(jobs, name).__kwdefaults__, "connect", lambda *_: found)
    return found


def number_of(forge: InMemoryForge) -> int:
    return next(iter(forge.issues))


@pytest.mark.parametrize(
    ("event", "name", "mode"),
    [("labeled", "issues", "run"), ("comment", "issue_comment", "run"), ("dispatch", "workflow_dispatch", "run")],
)
def test_the_gate_opens_for_a_writer(
    event: str, name: str, mode: str, desk: Any, runner: Runner, forge: InMemoryForge
) -> None:
    runner.begins(event, name)
    if event == "labeled":
        runner.change(label={"name": "coderoute"})

    assert desk("ci", "gate").code == 0

    assert runner.outputs == {
        "go": "true", "conclusion": "", "reason": "", "issue": "acme/widgets#1", "mode": mode, "actor": "alice",
        "issue_sha256": issue_sha256(TITLE, BODY),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("what", "reason", "prepare"),
    [
        ("may only read", "no_permission", lambda forge: forge.person("alice", Access.READ)),
        ("may only sort issues", "no_permission", lambda forge: forge.person("alice", Access.TRIAGE)),
        ("is a bot, says the forge", "not_a_person", lambda forge: forge.person("alice", Access.ADMIN, human=False)),
        ("is unknown to the forge", "not_a_person", lambda forge: forge.accounts.pop("alice")),
    ],
)
def test_the_gate_stays_shut_for_who(
    what: str, reason: str, prepare: Callable[[InMemoryForge], object], desk: Any, runner: Runner, forge: InMemoryForge
) -> None:
    runner.begins("comment", "issue_comment")
    prepare(forge)

    ended = desk("ci", "gate")

    assert ended.code == 0
    assert (runner.outputs["go"], runner.outputs["reason"], runner.outputs["issue"]) == ("false", reason, ""), what
    assert "nothing to do" in ended.out


def test_an_issue_that_was_edited_since_is_not_worked_on(desk: Any, runner: Runner, forge: InMemoryForge) -> None:
    runner.begins("comment", "issue_comment")
    number = number_of(forge)
    forge.issues[number] = type(forge.issues[number])(
        **{name: getattr(forge.issues[number], name) for name in forge.issues[number].__dataclass_fields__}
        | {"body": "Push to main."}
    )

    assert desk("ci", "gate").code == 0
    assert runner.outputs["reason"] == "edited"
    assert runner.outputs["conclusion"] == "not_asked"


@pytest.mark.parametrize(
    ("what", "reason", "prepare"),
    [
        ("a writer's word", "", lambda _forge, _number: None),
        ("a reader's word", "no_permission", lambda forge, _number: forge.person("bob", Access.READ)),
        ("a bot's word, says the forge", "not_a_person",
            lambda forge, _number: forge.person("bob", Access.WRITE, human=False)),
        ("one on a pull request that is closed", "no_pull_request", lambda forge, number: forge.close(number)),
        ("one on a pull request that is gone", "no_pull_request", lambda forge, number: forge.pulls.pop(number)),
        ("one on a branch of another kind", "no_pull_request", lambda forge, number: forge.pulls.update(
            {number: replace(forge.pulls[number], head_branch="feature")})),
        ("one on a fork's branch", "no_pull_request", lambda forge, number: forge.pulls.update(
            {number: replace(forge.pulls[number], same_repository=False)})),
    ],
)  # fmt: skip
def test_the_gate_before_a_merge_opens_for(
    what: str, reason: str, prepare: Callable[[InMemoryForge, int], object], desk: Any, runner: Runner,
    forge: InMemoryForge,
) -> None:  # fmt: skip
    forge.person("bob", Access.WRITE)
    branch = "coderoute/1-0a1b2c3d"
    forge.push(branch, "1" * 40)
    made = forge.open_pull_request(branch=branch, base="main", title="t", body="b", draft=False)
    runner.begins("pull_comment", "issue_comment")
    runner.change(issue={"number": made.number, "pull_request": {}})
    prepare(forge, made.number)

    assert desk("ci", "merge-gate").code == 0

    go = reason == ""
    assert runner.outputs == {
        "go": "true" if go else "false", "conclusion": "" if go else "not_asked", "reason": reason,
        "pull": str(made.number) if go else "", "run_id": "0a1b2c3d" if go else "", "actor": "bob" if go else "",
    }, what  # fmt: skip


def test_a_bundle_that_is_not_there_any_more_is_named(desk: Any, runner: Runner, tmp_path: Path) -> None:
    runner.begins("pull_comment", "issue_comment")
    listed = {"artifacts": [{"id": 3, "name": "coderoute-0a1b2c3d", "expired": False, "workflow_run": {
        "id": 77, "repository_id": 1, "head_repository_id": 1}}]}  # fmt: skip
    (tmp_path / "listed.json").write_text(json.dumps(listed))
    assert desk("ci", "artifact", "listed.json", "--run", "0a1b2c3d").code == 0
    assert runner.outputs == {"workflow_run": "77"}
    for file, run in (("listed.json", "ffffffff"), ("missing.json", "0a1b2c3d")):
        gone = desk("ci", "artifact", file, "--run", run)
        assert (gone.code, "has expired" in gone.err) == (4, True)


def test_a_command_that_was_killed_left_what_its_run_is_known_by(desk: Any, runner: Runner, tmp_path: Path) -> None:
    run, sha256 = desk.to_the_gate()
    runner.begins("comment", "issue_comment")
    error = {"problem": "no @acme", "remedy": "x"}
    (tmp_path / "run.json").write_text(json.dumps({"error": error, "run_id": run}))

    assert desk("ci", "report", "run.json", "--code", "69").code == 0

    assert (runner.outputs["conclusion"], runner.outputs["run_id"]) == ("unavailable", run)
    assert runner.outputs["patch_sha256"] == sha256
    assert "@acme" not in runner.summary.read_text()
    runner.begins("comment", "issue_comment")
    assert desk("ci", "report", "missing.json", "--code", "137").code == 0
    assert (runner.outputs["conclusion"], runner.outputs["run_id"]) == ("failed", run)
    runner.begins("comment", "issue_comment")
    (tmp_path / "run.json").write_text('{"error": {"problem": "no key", "remedy": "x"}, "run_id": null}')
    assert desk("ci", "report", "run.json", "--code", "78").code == 0
    assert (runner.outputs["conclusion"], runner.outputs["run_id"]) == ("configuration", "")
    assert "no key" in runner.summary.read_text()


def test_without_an_event_there_is_no_gate(desk: Any, runner: Runner, forge: InMemoryForge) -> None:
    runner.begins("comment", "issue_comment")
    (runner.output.parent / "event.json").unlink()
    assert desk("ci", "gate").code == 78


def test_the_inputs_become_the_words_of_a_command(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"ISSUE": "acme/widgets#1", "MODE": "plan", "MODELS": "", "BUDGET": "2.50", "CONFIG": "limits.max_turns=9"}
    given |= {"ISSUE_SHA256": "a" * 64, "ACTOR": "alice"}
    for name, value in given.items():
        monkeypatch.setenv(f"CODEROUTE_CI_{name}", value)

    ended = desk("ci", "words")

    assert ended.out.split("\0")[:-1] == [
        "plan", "acme/widgets#1", "--json", "--issue-sha256", "a" * 64, "--asked-by", "alice", "-c", "limits.max_turns=9",
        "--max-budget-usd", "2.50",
    ]  # fmt: skip
    monkeypatch.setenv("CODEROUTE_CI_ISSUE", "--help")
    assert desk("ci", "words").code == 2


def test_a_run_from_outside_ci_does_not_arrive_in_it(
    desk: Any, runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, sha256 = desk.to_the_gate()
    desk("export", run, "-o", "run.bundle")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", str(desk.repo), str(clone)], check=True)
    monkeypatch.setenv("CODEROUTE_STATE_DIR", str(tmp_path / "other"))
    runner.begins("comment", "issue_comment")

    ended = desk("ci", "apply", "run.bundle", "--repo", clone, "--run", run, "--patch", sha256, *OF_ALICE)

    assert ended.code == 4
    assert "bundle.gate" in ended.err


@pytest.mark.parametrize("document", ["", "{", "[]", '{"status": "x\\ny"}', '{"error": {"problem": "p"}}'])
def test_outputs_are_set_whatever_a_run_left(document: str, desk: Any, runner: Runner, tmp_path: Path) -> None:
    runner.begins("comment", "issue_comment")
    (tmp_path / "run.json").write_text(document)

    assert desk("ci", "report", "run.json", "--code", "78").code == 0

    assert runner.outputs["conclusion"] == "configuration"
    assert len(runner.outputs) == 8
    assert "configuration" in runner.summary.read_text()


def test_no_text_of_a_run_gives_the_runner_a_command(desk: Any, runner: Runner, tmp_path: Path) -> None:
    runner.begins("comment", "issue_comment")
    bad = "::add-mask::x\n::error::y @acme/all Fixes #1 ##[error] ![x](https://x.test/) <img src=x>"
    finding = {"severity": "high", "path": "a.py\n::x", "line": 1, "title": bad, "detail": bad}
    doc = {
        "status": "blocked", "run_id": "0a1b2c3d", "reason": "question", "problem": bad, "remedy": bad,
        "questions": [bad], "task": {"title": bad}, "review": {"verdict": bad, "findings": [finding]},
        "escalations": [],
    }  # fmt: skip
    (tmp_path / "run.json").write_text(json.dumps(doc))

    ended = desk("ci", "report", "run.json", "--code", "4")

    lines = [line for line in ended.out.splitlines() if line]
    assert len(lines) == 1
    assert lines[0].startswith("::error file=")
    page = runner.summary.read_text()
    assert not [row for row in page.splitlines() if row.lstrip().startswith(("::", "##["))]
    assert "@acme" not in page
    assert "Fixes #1" not in page
    assert "<img" not in page
    assert "](https" not in page


def of_widgets(store: RunStore, run: str) -> Bundle:
    """The run as if it had been of an issue of acme/widgets."""
    made = bundle_of(store, found(store, run), "0")
    records = dict(made.records)
    task = from_json(Task, records["task"])
    records["task"] = to_json(Task, replace(task, source="github", number=1, forge=WIDGETS))
    shown = exhibit(journal_over(records, run), run)
    assert shown is not None
    return replace(
        made, records=tuple(records.items()), header=replace(made.header, evidence_sha256=shown[0].evidence_sha256)
    )


@pytest.mark.parametrize(
    ("what", "remote"),
    [
        ("a clone of another repository", "https://github.com/mallory/widgets.git"),
        ("a clone of another forge", "https://x.test/acme/widgets.git"),
    ],
)
@pytest.mark.parametrize("job", ["apply", "merge"])
def test_a_bundle_arrives_in_a_clone_of_its_own_repository_alone(
    job: str, what: str, remote: str, desk: Any, runner: Runner, forge: InMemoryForge, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    runner.begins("comment", "issue_comment")
    run, sha256 = desk.to_the_gate()
    (tmp_path / "run.bundle").write_bytes(b"".join(lines(of_widgets(open_house().store, run))))
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", str(desk.repo), str(clone)], check=True)
    desk.git("remote", "set-url", "origin", remote, repo=clone)
    monkeypatch.setenv("CODEROUTE_STATE_DIR", str(tmp_path / "other"))

    named = ("--patch", sha256, *OF_ALICE) if job == "apply" else ("--pull", "7")
    ended = desk("ci", job, "run.bundle", "--repo", clone, "--run", run, *named, "--json")

    assert ended.code == 4, what
    assert "bundle.repository" in ended.err
    assert ended.json["run_id"] is None


@pytest.mark.parametrize("job", ["apply", "merge"])
def test_a_run_of_an_issue_that_is_a_file_has_no_place_on_the_forge(
    job: str, desk: Any, runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner.begins("comment", "issue_comment")
    run, sha256 = desk.to_the_gate()
    desk("export", run, "-o", "run.bundle")
    monkeypatch.setenv("CODEROUTE_STATE_DIR", str(tmp_path / "other"))

    named = ("--patch", sha256, *OF_ALICE) if job == "apply" else ("--pull", "7")
    ended = desk("ci", job, "run.bundle", "--repo", desk.repo, "--run", run, *named, "--json")

    assert ended.code == 4
    assert "no issue of this repository" in ended.err
    assert ended.json["run_id"] == run
