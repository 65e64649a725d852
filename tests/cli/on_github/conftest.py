"""The command line with a GitHub on this machine; and what holds of every test with it: only our branches are
pushed, and the token is in no output, file, command line, sandbox or model."""

import base64
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from coderoute.adapters.forge_github import GitHubForge
from coderoute.adapters.forge_inmemory import InMemoryForge
from coderoute.adapters.sandbox_inmemory import InMemorySandboxHost
from coderoute.domain.forge import Access, ForgeRepository, PullRequest
from coderoute.wiring import world
from tests.fake_github.api import TOKEN, Api
from tests.fake_github.server import GitServer

if TYPE_CHECKING:
    from tests.cli.conftest import Desk, Ended

FILES = {
    "shout.py": "def shout(text):\n    return text.upper() + '!'\n",
    "tests/test_shout.py": "from shout import shout\n\n\ndef test_loud():\n    assert shout('a') == 'A!'\n",
}
SHORTER = "def shout(text):\n    return f'{text.upper()}!' if text else ''\n"
BODY = "`shout('')` gives `!`. It should give an empty string.\n"
IN_BASIC = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
NO_DRAFT = ("-c", "github.draft=false")


@dataclass
class There:
    """A GitHub with the repository acme/app, whose issue 1 asks for what the desk's models know to do; ann and ben may
    write there, eve may read, the token is of `coderoute-bot`, which may write."""

    NO_DRAFT: ClassVar = NO_DRAFT
    SHORTER: ClassVar = SHORTER
    TOKEN: ClassVar = TOKEN

    desk: "Desk"
    api: Api
    git: GitServer
    started: list[list[str]]
    """Every command that this process started."""
    in_sandboxes: list[str]
    """What sandboxes were given."""
    outputs: list[str] = field(default_factory=list)

    def __call__(self, *arguments: str | Path, **more: Any) -> "Ended":
        ended = self.desk(*arguments, **more)
        self.outputs += [ended.out, ended.err]
        return ended

    @property
    def state(self) -> InMemoryForge:
        self.git.look()
        return self.api.state

    @property
    def url(self) -> str:
        return f"{self.git.url}/acme/app/issues/1"

    def to_the_page(self, name: str = "acme/app#1", *more: str | Path, draft: bool = False) -> str:
        """The id of a run that waits on its pull request."""
        self.desk.models.knows_the_way()
        ended = self("run", name, "--json", "-q", *(() if draft else NO_DRAFT), *more)
        assert ended.code == 0, (ended.out, ended.err)
        return str(ended.json["run_id"])

    def doc(self, run: str) -> dict[str, Any]:
        return self("show", run, "--json").json

    def sha12(self, run: str) -> str:
        return str(self.doc(run)["patch"]["sha256"])[:12]

    @property
    def pull(self) -> PullRequest:
        """The only one."""
        (found,) = self.state.pulls
        return self.state.pull_request(found)

    def says(self, login: str, words: str) -> None:
        self.state.say(self.pull.number, login, words)

    @property
    def ours(self) -> list[str]:
        """What we wrote under the pull request."""
        return [said.body for said in self.state.comments(self.pull.number) if said.author == self.state.us]

    @property
    def standing(self) -> str | None:
        """The newest state of coderoute/approval on the head."""
        found = self.state.statuses.get(self.pull.head_commit, [])
        return next((status.state for status in found if status.context == "coderoute/approval"), None)

    def on(self, branch: str, path: str) -> str:
        return self.git.git("show", f"{branch}:{path}") + "\n"

    def checkout(self, remote: str) -> Path:
        """A checkout of the repository as it is now, whose origin has that address."""
        repo = self.desk.folder / "checkout"
        self.desk.git("clone", "-q", str(self.git.folder / "acme" / "app.git"), str(repo), repo=self.desk.folder)
        self.desk.git("remote", "set-url", "origin", remote, repo=repo)
        return repo

    @contextmanager
    def killed_at(self, method: str, *, after: int = 0) -> Iterator[None]:
        """The process ends where it would call `method` of the forge; so many calls come before."""
        call, lives = getattr(GitHubForge, method), [after]

        def die(*arguments: object, **named: object) -> object:
            if not lives[0]:
                raise KeyboardInterrupt
            lives[0] -= 1
            return call(*arguments, **named)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(GitHubForge, method, die)
            yield

    @contextmanager
    def down_when_the_models_work(self) -> Iterator[None]:
        """From the first model call on the API is down."""
        answer = self.desk.models.answer

        def answered(stage: str, step: str, attempt: int, turn: int) -> tuple[int, object]:
            self.api.down = True
            return answer(stage, step, attempt, turn)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(self.desk.models, "answer", answered)
            yield
        self.api.down = False

    def knows_a_shorter_way(self) -> None:
        """The models mend what is sent back, and approve of it."""
        self.desk.models.writes("rework-1", "shout.py", SHORTER)
        review = {"verdict": "approve", "summary": "So.", "findings": []}
        self.desk.models.says("review", "-", 2, [("submit_review", review)])

    def one_of_each(self, run: str) -> None:
        """One branch, one pull request, one comment: all as the run says, and waiting."""
        assert len(self.state.pulls) == 1
        assert len(self.ours) == 1
        assert self.git.git("for-each-ref", "--format=%(refname)", "refs/heads/coderoute").count("\n") == 0
        assert self.standing == "pending"
        assert self.doc(run)["pull_request"] == self.pull.url

    def merged(self, run: str) -> None:
        """The run's change, and only that, is on the main branch, and both sides say so."""
        assert self.doc(run)["status"] == "merged"
        assert self.pull.merged
        assert self.git.head_of("main") == self.doc(run)["commit"]
        assert self.on("main", "shout.py") == self.desk.RIGHT
        assert self.standing == "success"


@pytest.fixture
def there(desk: "Desk", monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[There]:
    state = InMemoryForge()
    api = Api(state)
    (tmp_path / "served").mkdir()
    git = GitServer(tmp_path / "served", api)
    state.repository = ForgeRepository(server=git.url, owner="acme", name="app")
    state.merged_as = git.merged_as
    for login, access in (("ann", Access.WRITE), ("ben", Access.MAINTAIN), ("eve", Access.READ)):
        state.person(login, access)
    git.commit("main", FILES)
    state.open_issue("shout() of nothing", BODY, author="eve")
    started: list[list[str]] = []

    class Watched(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, args: Any, *more: Any, **named: Any) -> None:
            started.append([args] if isinstance(args, str) else [str(one) for one in args])
            super().__init__(args, *more, **named)

    monkeypatch.setattr(subprocess, "Popen", Watched)
    in_sandboxes: list[str] = []
    known: Any = world.sandboxes(*[None] * 2)  # type: ignore[arg-type]

    def suite(command: str, env: Any, files: Any) -> Any:
        in_sandboxes.append(repr((command, dict(env), dict(files))))
        return known._commands(command, env, files)

    monkeypatch.setattr("coderoute.wiring.world.sandboxes", lambda *_: InMemorySandboxHost(suite))
    for name in ("GH_TOKEN", "GH_HOST", "GITHUB_API_URL", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("GITHUB_SERVER_URL", git.url)
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    for pauses in (
        "forge_github.wire.BACK_OFF_S",
        "forge_github.client.LOOK_AGAIN_S",
        "repository_git.transport.BACK_OFF_S",
    ):
        monkeypatch.setattr(f"coderoute.adapters.{pauses}", (0.0, 0.0, 0.0))
    made = There(desk=desk, api=api, git=git, started=started, in_sandboxes=in_sandboxes)
    yield made
    api.down = False
    git.close()
    assert not api.problems
    assert all(ref.startswith("refs/heads/coderoute/") for ref in git.pushed), git.pushed
    for secret in (TOKEN, IN_BASIC):
        assert not [text for text in made.outputs if secret in text], "printed"
        assert not [command for command in started if any(secret in word for word in command)], "on a command line"
        assert not [text for text in in_sandboxes if secret in text], "in a sandbox"
        assert not [body for body in desk.models.bodies if secret in body], "sent to a model"
        assert not holding(tmp_path, secret), "kept"


def holding(folder: Path, secret: str) -> list[Path]:
    """The files of a test's folders that have `secret` in them; the state directory lies beside `folder`."""
    roots = (folder, Path(os.environ["CODEROUTE_STATE_DIR"]))
    files = (path for root in roots for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    return [path for path in files if secret.encode() in path.read_bytes()]
