"""acme/app on a GitHub of this machine that holds each job to its permissions, with our workflows in it."""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from coderoute.adapters.forge_inmemory import InMemoryForge
from coderoute.domain.ci_event import issue_sha256
from coderoute.domain.forge import Access, ForgeRepository, PullRequest
from tests.cli.in_actions.actions import Actions, Done, Node, Permissions, Started
from tests.fake_github.api import TOKEN, Api
from tests.fake_github.server import GitServer

if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler

    from tests.cli.conftest import Desk

ROOT = Path(__file__).parents[3]
EVENTS = Path(__file__).parents[1] / "events"
WORKFLOWS = ROOT / "docs" / "ci"
KEY = "sk-ant-canary-4711-QmVpc3BpZWxLZXk"
LEVELS = ("none", "read", "write")
NEEDED: tuple[tuple[str, str, str], ...] = (
    ("GET", r"/issues/\d+(/.*)?", "issues:read"),
    ("(POST|PATCH)", r"/issues/.*", "issues:write"),
    ("GET", r"/pulls.*", "pull-requests:read"),
    ("(POST|PATCH)", r"/pulls.*", "pull-requests:write"),
    ("PUT", r"/pulls/\d+/merge", "contents:write"),
    ("GET", r"/git/.*", "contents:read"),
    ("GET", r"/commits/[0-9a-f]+/statuses", "statuses:read"),
    ("POST", r"/statuses/.*", "statuses:write"),
)
"""Verb, path and what it takes, as GitHub documents it; anything else here takes `metadata`, which every token has."""
PROGRAM = """
import json, os, sys
with open(SEEN, "a") as file:
    file.write(json.dumps({{"words": sys.argv[1:], "env": dict(os.environ)}}) + "\\n")
os.environ["ANTHROPIC_BASE_URL"] = {models!r}
from coderoute.adapters.forge_github import client, wire
from coderoute.adapters.repository_git import transport
client.LOOK_AGAIN_S = wire.BACK_OFF_S = transport.BACK_OFF_S = (0.0, 0.0, 0.0)
if "run" in sys.argv[1:2]:
    from coderoute.adapters.sandbox_inmemory import InMemorySandboxHost
    from coderoute.wiring import world
    from tests.cli.conftest import suite
    asked = 0
    def runs(command, env, files):
        global asked
        asked += 1
        if asked == 3 and {stopped_by!r}:
            os.kill(os.getpid(), {stopped_by!r})
        return suite(command, env, files)
    world.sandboxes = lambda *_: InMemorySandboxHost(runs)
from coderoute.cli.main import main
main()
"""
"""`coderoute` on a runner, with models and sandboxes of this machine; `stopped_by` is a signal that comes at the third
test run, 0 for none."""


class Strict(Api):
    """The API for a job: it holds the permissions of that job's token, which is an installation's."""

    def __init__(self, state: InMemoryForge) -> None:
        super().__init__(state)
        self.permissions: Permissions = {}

    def __call__(
        self, verb: str, target: str, headers: Mapping[str, str], body: object
    ) -> tuple[int, object, dict[str, str]]:
        path = re.sub(r".*/repos/acme/app", "", urlsplit(target).path)
        for known, pattern, needed in NEEDED:
            if re.fullmatch(known, verb) and re.fullmatch(pattern, path) and not self.allows(needed, path):
                said = {"message": "Resource not accessible by integration"}
                return 403, said, {"X-Accepted-GitHub-Permissions": needed.replace("-", "_").replace(":", "=")}
        return super().__call__(verb, target, headers, body)

    def allows(self, needed: str, path: str) -> bool:
        """What concerns a pull request as an issue may be done with either permission; a comment is nobody's part."""
        name, level = needed.split(":")
        number = re.match(r"/issues/(\d+)", path)
        of_pull = number is not None and int(number[1]) in self.state.pulls
        names = (name, "pull-requests") if name == "issues" and of_pull else (name,)
        return any(LEVELS.index(self.permissions.get(each, "none")) >= LEVELS.index(level) for each in names)


class StrictGit(GitServer):
    """git over HTTP, under the same permissions."""

    def _backend(self, request: "BaseHTTPRequestHandler", body: bytes) -> None:
        assert isinstance(self.api, Strict)
        level = self.api.permissions.get("contents", "none")
        if level == "none" or ("git-receive-pack" in request.path and level != "write"):
            self._say(request, 403, {}, b"Write access to repository not granted.")
        else:
            super()._backend(request, body)


@dataclass
class Hub:
    """The repository, its people (alice and bob may write, carol and eve may read), and its workflows."""

    api: Strict
    git: GitServer
    actions: Actions
    desk: "Desk"

    @property
    def state(self) -> InMemoryForge:
        self.git.look()
        return self.api.state

    def event(self, name: str, **more: object) -> Node:
        """An event as GitHub sends it, of this repository."""
        text = (EVENTS / f"{name}.json").read_text("utf-8").replace("acme/widgets", "acme/app")
        found = json.loads(text)
        return {**found, "repository": {**found["repository"], "default_branch": "main"}, **more}

    def asked(self, how: str, workflow: str = "coderoute") -> Started:
        """Alice asks for a run of issue 1."""
        name, more = {
            "dispatch": ("workflow_dispatch", {"inputs": {"issue": "#1", "mode": "run"}}),
            "labeled": ("issues", {"label": {"name": "coderoute"}}),
            "comment": ("issue_comment", {}),
        }[how]
        return self.actions.begins(WORKFLOWS / f"{workflow}.yml", name, self.event(how, **more))

    def gate_opened(self, workflow: str = "coderoute", **more: str) -> Started:
        """A run that alice asked for, its gate passed. `more` are inputs of the job that works."""
        started = self.asked("comment", workflow)
        issue = self.state.issue(1)
        outputs = {
            "go": "true",
            "actor": "alice",
            "issue": "acme/app#1",
            "issue_sha256": issue_sha256(issue.title, issue.body),
            "mode": "run",
        }
        started.done["gate"] = Done("success", outputs)
        started.jobs["work"]["steps"][0]["with"].update(more)
        return started

    def stop_by(self, number: int) -> None:
        """Runs are ended by that signal, at their third test run."""
        self.actions.program = PROGRAM.format(models=self.desk.models.url, stopped_by=int(number))

    def published(self) -> Started:
        """A change that waits on its pull request."""
        started = self.gate_opened("coderoute-pull-request")
        for name in ("work", "publish"):
            done = started.job(name)
            assert done.outcome == "success", done.log
        return started

    def reviewed(self) -> Started:
        """Bob approves the pull request as it is."""
        self.state.review(self.pull.number, "bob", "approved")
        event = self.event("review")
        event["pull_request"]["number"] = self.pull.number
        event["pull_request"]["head"]["ref"] = self.pull.head_branch
        return self.actions.begins(WORKFLOWS / "coderoute-merge.yml", "pull_request_review", event)

    def says(self, login: str, words: str) -> Started:
        """Somebody writes a comment on the pull request."""
        self.state.say(self.pull.number, login, words)
        event = self.event("pull_comment", sender={"login": login, "id": 1, "type": "User", "site_admin": False})
        event["issue"]["number"] = self.pull.number
        event["comment"] |= {"body": words, "user": event["sender"]}
        return self.actions.begins(WORKFLOWS / "coderoute-merge.yml", "issue_comment", event)

    def secrets_of(self, *jobs: str) -> dict[tuple[str, str], set[str]]:
        """Which secrets each `coderoute` of these jobs was given, by job and command."""
        return {
            (row["job"], " ".join(row["words"][: 1 + (row["words"][0] == "ci")])): {
                name for name, value in row["env"].items() if TOKEN in value or KEY in value
            }
            for row in self.actions.seen
            if row["job"] in jobs
        }

    @property
    def pull(self) -> PullRequest:
        """The only one."""
        (found,) = self.state.pulls
        return self.state.pull_request(found)

    @property
    def standing(self) -> str | None:
        found = self.state.statuses.get(self.pull.head_commit, [])
        return next((status.state for status in found if status.context == "coderoute/approval"), None)

    def untouched(self) -> bool:
        """Nothing was ever pushed or opened."""
        return not self.git.pushed and not self.state.pulls


@pytest.fixture
def hub(desk: "Desk", tmp_path: Path) -> Iterator[Hub]:
    genuine = json.loads((EVENTS / "comment.json").read_text("utf-8"))["issue"]
    state = InMemoryForge(me=None)
    for login, access in (("alice", Access.ADMIN), ("bob", Access.WRITE), ("carol", Access.READ), ("eve", Access.READ)):
        state.person(login, access)
    api = Strict(state)
    (tmp_path / "served").mkdir()
    git = StrictGit(tmp_path / "served", api)
    state.repository = ForgeRepository(server=git.url, owner="acme", name="app")
    state.merged_as = git.merged_as
    git.commit(
        "main", {"shout.py": desk.SHOUT, "tests/test_shout.py": desk.NEW_TESTS.split("\n\n\ndef test_nothing")[0]}
    )
    assert state.open_issue(genuine["title"], genuine["body"], author="carol") == 1
    desk.models.knows_the_way()

    def token_for(permissions: Permissions) -> str:
        api.permissions = permissions
        return TOKEN

    def clone(place: Path, token: str) -> None:
        assert token == TOKEN
        if api.permissions.get("contents", "none") == "none":
            raise subprocess.CalledProcessError(128, "git clone")
        desk.git("clone", "-q", str(git.folder / "acme" / "app.git"), str(place), repo=tmp_path)
        desk.git("remote", "set-url", "origin", f"{git.url}/acme/app", repo=place)

    actions = Actions(
        folder=tmp_path / "actions", slug="acme/app", server=git.url, api=f"{git.url}/api/v3",
        secrets={"ANTHROPIC_API_KEY": KEY}, token_for=token_for, clone=clone,
        program=PROGRAM.format(models=desk.models.url, stopped_by=0),
    )  # fmt: skip
    yield Hub(api=api, git=git, actions=actions, desk=desk)
    git.close()
    assert not api.problems
    assert all(ref.startswith("refs/heads/coderoute/") for ref in git.pushed), git.pushed
