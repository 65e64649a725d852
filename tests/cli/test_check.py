"""`coderoute check`: admission alone, on a patch or a commit. What each rule stops is in tests/admission."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from coderoute.cli.advice import ADVICE
from coderoute.domain.admission import MAX_ITEMS_PER_RULE
from coderoute.domain.paths import RULES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Desk

WORKFLOW = ".github/workflows/x.yml"
TURNED = "x = 1  # \u202e\n"


@pytest.fixture(autouse=True)
def _no_key(desk: "Desk", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)


def patch_of(desk: "Desk", *options: str) -> bytes:
    return desk.git("diff", "--binary", *options).encode() + b"\n"


def test_an_ordinary_commit_is_accepted(desk: "Desk") -> None:
    commit = desk.commit({"shout.py": desk.RIGHT})
    before = desk.fingerprint()

    for name in (commit, commit[:10], "HEAD", "main", "refs/heads/main"):
        ended = desk("check", name, "--repo", desk.repo)
        assert (ended.code, ended.err) == (0, "")
        assert ended.out == f"accepted: commit {commit[:12]} against its parent {desk.git('rev-parse', 'HEAD^')[:12]}\n"

    assert desk("check", "HEAD", "--repo", desk.repo, "--json").json == {"verdict": "accepted", "items": []}
    assert desk.fingerprint() == before


def test_a_protected_item_is_told_with_what_to_do(desk: "Desk") -> None:
    desk.commit({WORKFLOW: "on: push\n", "shout.py": desk.RIGHT})

    ended = desk("check", "HEAD", "--repo", desk.repo)

    assert ended.code == 4
    assert "protected: commit " in ended.out
    assert f"PROTECTED  path.ci:{WORKFLOW}" in ended.out
    assert "-> read it" in ended.out
    assert desk("check", "HEAD", "--repo", desk.repo, "--json").json == {
        "verdict": "protected",
        "items": [
            {
                "id": f"path.ci:{WORKFLOW}", "rule": "path.ci", "path": WORKFLOW, "line": None,
                "detail": "adds a file that runs in continuous integration", "acknowledged": False,
            }
        ],
    }  # fmt: skip


def test_a_refusal_comes_first_and_names_its_line(desk: "Desk") -> None:
    desk.commit({WORKFLOW: "on: push\n", "shout.py": desk.SHOUT + TURNED})

    ended = desk("check", "HEAD", "--repo", desk.repo)

    assert ended.code == 3
    assert ended.out.startswith("refused: ")
    assert "1 refused, 1 protected" in ended.out
    assert ended.out.index("REFUSED    text.bidi:shout.py:3") < ended.out.index("PROTECTED  path.ci")
    assert "-> take the character out" in ended.out
    assert "\u202e" not in ended.out


def test_a_patch_file_a_pipe_and_a_commit_say_the_same(desk: "Desk") -> None:
    base = desk.git("rev-parse", "HEAD")
    desk.commit({WORKFLOW: "on: push\n", "shout.py": desk.SHOUT + TURNED})
    patch = patch_of(desk, base, "HEAD")
    (desk.folder / "x.patch").write_bytes(patch)

    answers = [
        desk("check", "HEAD", "--repo", desk.repo, "--json"),
        desk("check", "x.patch", "--repo", desk.repo, "--base", base, "--json"),
        desk("check", "-", "--repo", desk.repo, "--base", "HEAD~1", "--json", stdin=patch),
    ]

    assert {ended.code for ended in answers} == {3}
    assert answers[0].json == answers[1].json == answers[2].json


def test_a_patch_applies_to_the_checked_out_branch_and_not_to_the_work_tree(desk: "Desk") -> None:
    (desk.repo / "shout.py").write_text(desk.RIGHT)
    patch = patch_of(desk)
    before = desk.fingerprint()

    ended = desk("check", "-", "--repo", desk.repo, stdin=patch)

    assert ended.code == 0, ended.err
    assert ended.out.startswith("accepted: the patch against commit ")
    assert desk.fingerprint() == before, "though the work tree has the change already"


def test_a_file_of_that_name_wins_over_a_branch_and_a_folder_does_not(desk: "Desk") -> None:
    desk.git("branch", "topic")
    (desk.folder / "topic").write_bytes(b"no patch\n")
    assert "the patch does not apply" in desk("check", "topic", "--repo", desk.repo).err
    (desk.folder / "topic").unlink()
    (desk.folder / "topic").mkdir()
    assert desk("check", "topic", "--repo", desk.repo).out.startswith("accepted: commit ")


def test_a_pipe_is_a_file_too(desk: "Desk") -> None:
    (desk.repo / "shout.py").write_text(desk.RIGHT)
    reading, writing = os.pipe()
    os.write(writing, patch_of(desk))
    os.close(writing)
    ended = desk("check", f"/dev/fd/{reading}", "--repo", desk.repo)
    os.close(reading)
    assert ended.code == 0, ended.err


def test_a_merge_is_compared_with_its_first_parent_and_a_first_commit_with_nothing(desk: "Desk") -> None:
    desk.git("switch", "-q", "-c", "side")
    desk.commit({WORKFLOW: "on: push\n"})
    desk.git("switch", "-q", "main")
    desk.commit({"more.py": "x = 1\n"})
    desk.git("merge", "-q", "--no-edit", "side")

    merged = desk("check", "HEAD", "--repo", desk.repo, "--json").json
    first = desk("check", "HEAD~2", "--repo", desk.repo)

    assert [item["id"] for item in merged["items"]] == [f"path.ci:{WORKFLOW}"]
    assert (first.code, "against nothing, as it is a first commit" in first.out) == (0, True)


def test_both_the_users_and_the_repositorys_protected_paths_hold(desk: "Desk") -> None:
    (desk.folder / "home" / "config").mkdir()
    (desk.folder / "home" / "config" / "coderoute.toml").write_text('[gate]\nprotected_paths = ["mine/"]\n')
    desk.commit({"coderoute.toml": '[gate]\nprotected_paths = ["theirs/"]\n'})
    desk.commit({"mine/a.py": "x\n", "theirs/a.py": "x\n", "other/a.py": "x\n"})

    ended = desk("check", "HEAD", "--repo", desk.repo, "--json")

    assert [item["id"] for item in ended.json["items"]] == ["path.policy:mine/a.py", "path.policy:theirs/a.py"]


def test_a_commit_does_not_loosen_the_settings_it_is_judged_by(desk: "Desk") -> None:
    start = desk.commit({"coderoute.toml": '[gate]\nprotected_paths = ["secret/"]\n'})
    desk.commit({"coderoute.toml": "[gate]\n", "secret/a.py": "x\n"})
    last = desk.commit({"secret/a.py": "y\n"})

    def protected(*options: str) -> bool:
        ended = desk("check", *options, "--repo", desk.repo, "--json")
        return any(item["rule"] == "path.policy" for item in ended.json["items"])

    assert protected("HEAD~1")
    assert not protected(last), "its parent protects nothing any more"
    assert protected(last, "--base", start), "a base that you trust does"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["nowhere"], "there is no file 'nowhere', and as a commit: 'nowhere' is not a branch, tag or commit"),
        (["missing.patch"], "missing.patch"),
        (["f" * 40], "f" * 40),
        (["HEAD", "--base", "mian"], "mian"),
        (["-", "--base", "mian"], "mian"),
        (["a\0b"], "a<U+0000>b"),
        (["--", "--evil"], "--evil"),
    ],
)
def test_what_is_neither_a_patch_nor_a_commit(arguments: list[str], named: str, desk: "Desk") -> None:
    before = desk.fingerprint(desk.folder)

    ended = desk("check", "--repo", desk.repo, "--json", *arguments)

    assert ended.code == 2
    assert named in ended.json["error"]["problem"]
    assert ended.json["error"]["remedy"]
    assert desk.fingerprint(desk.folder) == before


def test_a_folder_without_a_repository(desk: "Desk") -> None:
    (desk.folder / "plain").mkdir()
    ended = desk("check", "-", "--repo", "plain", stdin=b"")
    assert (ended.code, "is not in a git repository" in ended.err) == (2, True)


def test_a_patch_that_may_not_be_read(desk: "Desk", monkeypatch: pytest.MonkeyPatch) -> None:
    (desk.folder / "x.patch").write_bytes(b"")

    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", denied)
    ended = desk("check", "x.patch", "--repo", desk.repo)
    assert (ended.code, "x.patch cannot be read: Permission denied" in ended.err) == (2, True)


def test_a_mistake_in_the_settings_is_told(desk: "Desk") -> None:
    desk.commit({"coderoute.toml": "[gate]\nprotected_path = []\n"})
    ended = desk("check", "HEAD", "--repo", desk.repo, "--base", "HEAD")
    assert (ended.code, "protected_paths" in ended.err) == (78, True)


def test_a_commit_beyond_a_shallow_clone_is_named(desk: "Desk") -> None:
    desk.commit({"more.py": "x = 1\n"})
    clone = desk.folder / "clone"
    desk.git("clone", "-q", "--depth=1", f"file://{desk.repo}", str(clone))
    ended = desk("check", "HEAD", "--repo", clone)
    assert ended.code == 2
    assert "first parent" in ended.err
    assert "git fetch --deepen=1" in ended.err


def test_commits_with_submodules_and_lfs_are_judged_though_no_run_would_take_them(desk: "Desk") -> None:
    desk.commit({".gitattributes": "*.psd filter=lfs diff=lfs merge=lfs -text\n"})
    (desk.repo / "vendor" / "lib").mkdir(parents=True)
    desk.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},vendor/lib")
    desk.git("commit", "-q", "-m", "submodule")
    assert desk("check", "HEAD", "--repo", desk.repo, "--json").json["items"][0]["rule"] == "type.gitlink"
    assert desk("check", "HEAD~1", "--repo", desk.repo, "--json").json["items"][0]["rule"] == "path.git"
    desk.commit({"more.py": "x = 1\n"})
    assert desk("check", "HEAD", "--repo", desk.repo).code == 0


def test_neither_a_key_nor_a_state_directory_is_needed(desk: "Desk", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEROUTE_STATE_DIR", "/dev/null/nowhere")
    desk.commit({"shout.py": desk.RIGHT})
    assert desk("check", "HEAD", "--repo", desk.repo).code == 0
    assert desk.models.seen == []


def test_what_the_repository_would_run_is_told_and_not_run(desk: "Desk") -> None:
    canary = desk.folder / "canary"
    for name in ("post-checkout", "pre-commit", "post-index-change", "pre-applypatch", "applypatch-msg"):
        hook = desk.repo / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {canary}\n")
        hook.chmod(0o755)
    (desk.repo / "shout.py").write_text(desk.RIGHT)
    patch = patch_of(desk)
    desk.git("config", "core.fsmonitor", f"touch {canary}; false")

    ended = desk("check", "-", "--repo", desk.repo, "--json", stdin=patch)

    assert (ended.code, ended.json["verdict"]) == (0, "accepted")
    assert "warning: the repository's git configuration sets core.fsmonitor" in ended.err
    assert not canary.exists()


def test_nothing_is_left_in_the_folder_for_passing_things(
    desk: "Desk", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "passing").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "passing"))
    desk("check", "HEAD", "--repo", desk.repo)
    desk("check", "-", "--repo", desk.repo, stdin=b"no patch")
    assert list((tmp_path / "passing").iterdir()) == []


def test_a_flood_of_findings_is_cut(desk: "Desk") -> None:
    desk.commit({"shout.py": desk.SHOUT + TURNED * 500})
    assert len(desk("check", "HEAD", "--repo", desk.repo, "--json").json["items"]) == MAX_ITEMS_PER_RULE


def test_there_is_advice_for_each_rule_of_paths() -> None:
    assert {rule for rule, _ in RULES} <= ADVICE.keys()


@pytest.mark.parametrize(
    ("variable", "option", "code"),
    [
        (None, None, 4),
        ("CI", None, 3),
        ("GITHUB_ACTIONS", None, 3),
        ("CI", "--no-ci", 4),
        (None, "--ci", 3),
    ],
)
def test_in_ci_a_change_of_what_ci_runs_is_refused(
    desk: "Desk", monkeypatch: pytest.MonkeyPatch, variable: str | None, option: str | None, code: int
) -> None:
    desk.commit({WORKFLOW: "on: push\n"})
    if variable is not None:
        monkeypatch.setenv(variable, "true")

    ended = desk("check", "HEAD", "--repo", desk.repo, *([option] if option else []))

    assert ended.code == code
    assert ("REFUSED    path.ci" in ended.out) == (code == 3)


@pytest.mark.parametrize("form", [str, lambda key: key.encode().hex()], ids=["plain", "hex"])
@pytest.mark.parametrize("variable", ["OPENAI_API_KEY", "OUR_LLM"])
def test_a_commit_that_adds_a_key_of_this_machine_is_refused(
    desk: "Desk", monkeypatch: pytest.MonkeyPatch, form: "Callable[[str], str]", variable: str
) -> None:
    key = "our-own-gateway-key-4711"
    monkeypatch.setenv(variable, key)
    config = Path(os.environ["CODEROUTE_CONFIG_DIR"])
    config.mkdir(parents=True, exist_ok=True)
    (config / "coderoute.toml").write_text(
        '[models.frontier]\nprovider = "openai"\nmodel = "m"\napi_key_env = "OUR_LLM"\n'
    )
    desk.commit({"shout.py": f"{desk.SHOUT}# {form(key)}\n"})

    ended = desk("check", "HEAD", "--repo", desk.repo)

    assert ended.code == 3
    assert "secret.in_diff" in ended.out
    assert form(key) not in ended.out + ended.err
