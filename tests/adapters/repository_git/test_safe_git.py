"""Nothing that a repository configures runs through us, and nothing in it changes before a merge."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import coderoute
from coderoute.adapters.repository_git import GitRepository
from coderoute.adapters.repository_git.safe_git import SafeGit, open_store
from coderoute.errors import BadInput, Unavailable

if TYPE_CHECKING:
    from tests.adapters.repository_git.conftest import Bench

HOOKS = (
    *("applypatch-msg", "pre-applypatch", "post-applypatch", "pre-commit", "pre-merge-commit", "prepare-commit-msg"),
    *("commit-msg", "post-commit", "pre-rebase", "post-checkout", "post-merge", "pre-push", "pre-receive", "update"),
    *("proc-receive", "post-receive", "post-update", "reference-transaction", "push-to-checkout", "pre-auto-gc"),
    *("post-rewrite", "sendemail-validate", "fsmonitor-watchman", "post-index-change"),
)


class Trap:
    """A repository in which every configurable program leaves a line in `canary`."""

    def __init__(self, bench: Bench, tmp_path: Path) -> None:
        self.bench = bench
        self.canary = tmp_path / "canary"
        script = bench.root / ".git" / "spring"
        bench.commit(
            {
                ".gitattributes": b"*.trap filter=spring diff=spring merge=spring\n* diff=spring\n",
                "a.trap": b"trapped\n",
            }
        )
        hooks = bench.root / ".git" / "hooks"
        shutil.rmtree(hooks, ignore_errors=True)
        hooks.mkdir()
        for path in (script, *(hooks / name for name in HOOKS)):
            path.write_text(f'#!/bin/sh\necho "$0 $@" >> "{self.canary}"\nexec cat\n')
            path.chmod(0o755)
        settings = [
            *("core.fsmonitor", "core.sshCommand", "core.pager", "core.editor", "core.askPass", "core.gitProxy"),
            *("core.alternateRefsCommand", "diff.external", "diff.spring.textconv", "diff.spring.command"),
            *("filter.spring.clean", "filter.spring.smudge", "merge.spring.driver", "gpg.program", "credential.helper"),
            *("pager.diff", "pager.log", "sequence.editor", "uploadpack.packObjectsHook"),
        ]
        lines = [f'{name.rpartition(".")[2]} = "{script}"' for name in settings]
        sections = [name.rpartition(".")[0] for name in settings]
        config = "".join(
            f"[{_section(section)}]\n\t{line}\n" for section, line in zip(sections, lines, strict=True)
        ).replace(f'"{script}"', '"' + str(script).replace(" ", "\\\\ ") + '"')
        with (bench.root / ".git" / "config").open("a") as file:
            file.write(f"{config}[core]\n\thooksPath = {hooks}\n[commit]\n\tgpgSign = true\n")
        (bench.root / ".git" / "info").mkdir(exist_ok=True)
        (bench.root / ".git" / "info" / "attributes").write_text("*.info filter=spring\n")

    @property
    def sprung(self) -> str:
        return self.canary.read_text() if self.canary.exists() else ""


def _section(name: str) -> str:
    section, _, subsection = name.partition(".")
    return f'{section} "{subsection}"' if subsection else section


@pytest.fixture
def trap(bench: Bench, tmp_path: Path) -> Trap:
    return Trap(bench, tmp_path)


@pytest.mark.parametrize(
    "command", [["status"], ["diff"], ["add", "-A"], ["checkout", "-q", "-b", "x"], ["update-ref", "refs/x", "HEAD"]]
)
def test_the_trap_works_on_a_plain_git(trap: Trap, command: list[str]) -> None:
    trap.bench.write({"a.trap": b"other\n"})
    trap.bench.git(*command, fails=True)
    assert trap.sprung


CHANGE: dict[str, bytes | None] = {"src/a.py": b"other\n", "src/fresh/new.py": b"new\n", "README.md": None}


def _everything_but_merge(repository: GitRepository, bench: Bench) -> str:
    base = repository.pin(None)
    repository.warnings()
    repository.author()
    repository.files(base.tree)
    repository.read(base.tree, "a.trap")
    repository.search(base.tree, "trap")
    repository.tar(base.tree)
    tree = bench.changed_tree(repository, base, {**CHANGE, "a.trap": b"changed\n"})
    repository.overlay(base.tree, tree, ["a.trap"])
    repository.changes(base.tree, tree)
    repository.diff(base.tree, tree)
    return tree


def test_nothing_runs_while_we_read_and_write_trees(trap: Trap) -> None:
    _everything_but_merge(trap.bench.repository(), trap.bench)
    assert trap.sprung == ""


def test_nothing_runs_while_a_clean_checkout_follows_a_merge(trap: Trap) -> None:
    merged = trap.bench.merge(CHANGE)
    assert merged.target_moved
    assert trap.sprung == ""
    assert (trap.bench.root / "src/a.py").read_bytes() == b"other\n"


def test_nothing_runs_when_a_filtered_file_keeps_the_target_waiting(trap: Trap) -> None:
    for path in ("a.trap", "b.info"):
        merged = trap.bench.merge({path: b"changed\n"}, branch=f"coderoute/{path}")
        assert not merged.target_moved
        assert merged.why == f"{path} is converted by git when it is checked out (attribute filter)"
    assert trap.sprung == ""


def test_nothing_runs_when_the_target_is_not_checked_out(trap: Trap) -> None:
    repository = trap.bench.repository()
    base = repository.pin(None)
    (trap.bench.root / ".git" / "HEAD").write_text("ref: refs/heads/other\n")
    assert trap.bench.merge({"a.trap": b"changed\n"}, base=base).target_moved
    assert trap.sprung == ""


def test_the_trap_springs_without_our_options(trap: Trap, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: what holds the hooks back is ours, not luck."""
    monkeypatch.setattr(SafeGit, "_command", lambda self, arguments: [self.executable, *arguments])
    trap.bench.merge({"src/a.py": b"other\n"})
    assert "reference-transaction" in trap.sprung


def test_the_environment_does_not_reach_git(trap: Trap, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = str(trap.bench.root / ".git" / "spring")
    (tmp_path / "evil").mkdir()
    for name, value in {
        "GIT_EXTERNAL_DIFF": script,
        "GIT_DIR": str(tmp_path / "evil"),
        "GIT_WORK_TREE": str(tmp_path / "evil"),
        "GIT_INDEX_FILE": str(tmp_path / "evil" / "index"),
        "GIT_OBJECT_DIRECTORY": str(tmp_path / "evil"),
        "GIT_COMMON_DIR": str(tmp_path / "evil"),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.fsmonitor",
        "GIT_CONFIG_VALUE_0": script,
        "GIT_CONFIG_PARAMETERS": f"'core.fsmonitor={script}'",
        "GIT_PAGER": script,
        "GIT_ATTR_SOURCE": "HEAD",
        "GIT_TRACE": str(tmp_path / "trace"),
    }.items():
        monkeypatch.setenv(name, value)
    repository = trap.bench.repository()
    tree = _everything_but_merge(repository, trap.bench)
    assert repository.read(tree, "a.trap") == b"changed\n"
    assert trap.bench.merge(CHANGE).target_moved
    assert trap.sprung == ""
    assert list((tmp_path / "evil").iterdir()) == []


def test_nothing_in_the_repository_changes_before_a_merge(bench: Bench) -> None:
    bench.write({"README.md": b"dirty\n", "untracked.txt": b"mine\n"})
    os.utime(bench.root / "src/a.py", ns=(1, 1))  # a plain `git status` would now rewrite the index
    before = bench.snapshot()
    _everything_but_merge(bench.repository(), bench)
    assert bench.snapshot() == before
    bench.git("status")
    assert bench.snapshot() != before, "the snapshot would have seen it"


def test_objects_that_both_sides_have_are_not_even_touched(bench: Bench) -> None:
    first = bench.git("rev-parse", "HEAD^{tree}")
    bench.commit({"README.md": b"second\n"})
    before = bench.snapshot()
    repository = bench.repository()
    again = bench.changed_tree(repository, repository.pin(None), {"README.md": b"# Thing\n"})
    assert again == first
    assert bench.snapshot() == before


def test_a_search_ends_after_its_time(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = bench.repository()
    tree = repository.pin(None).tree
    monkeypatch.setattr("coderoute.adapters.repository_git.objects.SEARCH_TIMEOUT_S", 0.0)
    monkeypatch.setattr(SafeGit, "_command", lambda *_: ["sleep", "60"])
    with pytest.raises(BadInput, match="took more than"):
        repository.search(tree, "x")


def test_commands_that_are_no_plumbing_are_not_started(tmp_path: Path) -> None:
    git = open_store(tmp_path / "q.git", tmp_path / "objects")
    for command in ("status", "diff", "checkout", "-c"):
        with pytest.raises(ValueError, match="not plumbing"):
            git.run(command)
    for options in ([], ["--index"]):
        with pytest.raises(ValueError, match="must not write to a work tree"):
            git.run("apply", *options)
    with pytest.raises(ValueError, match="not ours"):
        git.run("cat-file", "--batch", git_dir=tmp_path)


def test_without_git_there_is_advice(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f".:{bench.root}")
    with pytest.raises(Unavailable, match="no git in PATH") as caught:
        bench.repository()
    assert "install git" in caught.value.remedy


def test_a_git_of_the_repository_itself_is_not_taken(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    (bench.root / "git").write_text("#!/bin/sh\nexit 3\n")
    (bench.root / "git").chmod(0o755)
    monkeypatch.chdir(bench.root)
    monkeypatch.setenv("PATH", f".{os.pathsep}{os.environ['PATH']}")
    assert bench.repository().pin(None).target == "refs/heads/main"


def test_one_module_starts_git() -> None:
    package = Path(coderoute.__file__).parent
    starting = re.compile(r"^\s*(import|from) subprocess|os\.(system|popen|exec|spawn|fork)|Repo\(", re.MULTILINE)
    places = {
        path.relative_to(package).as_posix()
        for path in (package / "adapters" / "repository_git").glob("*.py")
        if starting.search(path.read_text())
    }
    assert places == {"adapters/repository_git/safe_git.py"}


def test_git_gets_no_variable_of_ours_that_is_not_constant(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shutil.which("git")
    (tmp_path / "bin").mkdir()
    spy = tmp_path / "bin" / "git"
    spy.write_text(f'#!/bin/sh\nenv >> "{tmp_path}/seen"\nexec {real} "$@"\n')
    spy.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GITHUB_TOKEN", "SOME_VARIABLE", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "canary-4711")

    repository = bench.repository()
    base = repository.pin(None)
    repository.search(base.tree, "def")
    repository.diff(base.tree, bench.changed_tree(repository, base, {"src/a.py": b"x = 1\n"}))

    seen = (tmp_path / "seen").read_text()
    assert "GIT_CONFIG_NOSYSTEM=1" in seen
    assert "canary" not in seen


def test_what_git_writes_for_us_is_private_and_what_it_writes_for_the_user_is_as_the_user_wants(bench: Bench) -> None:
    before = os.umask(0o002)
    try:
        repository = bench.repository()
        base = repository.pin(None)
        tree = bench.changed_tree(repository, base, {"src/a.py": b"x = 1\n"})
        bench.merge_tree(tree, base=base, repository=repository)
    finally:
        os.umask(before)
    ours = {path for path in (bench.state / "run" / "q.git").rglob("*") if path.stat().st_mode & 0o077}
    made = [bench.root / ".git" / "refs" / "heads" / "coderoute", bench.root / "src" / "a.py"]
    assert ours == set()
    assert [path.stat().st_mode & 0o070 for path in made] == [0o070, 0o060]
