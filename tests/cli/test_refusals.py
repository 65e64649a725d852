"""What cannot be done is said by name, with a remedy and its exit code, and leaves everything as it was."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

Arguments = list[str | Path]


def no_repository(desk: "Desk") -> Arguments:
    (desk.folder / "plain").mkdir()
    return [desk.issue, "--repo", "plain"]


def no_such_folder(desk: "Desk") -> Arguments:
    return [desk.issue, "--repo", "nowhere"]


def bare_repository(desk: "Desk") -> Arguments:
    desk.git("clone", "-q", "--bare", ".", str(desk.folder / "bare.git"))
    return [desk.issue, "--repo", "bare.git"]


def empty_repository(desk: "Desk") -> Arguments:
    desk.git("init", "-q", str(desk.folder / "empty"))
    return [desk.issue, "--repo", "empty"]


def unknown_base(desk: "Desk") -> Arguments:
    return [desk.issue, "--repo", desk.repo, "--base", "mian"]


def issue_file(name: str, data: bytes | None) -> Callable[["Desk"], Arguments]:
    def given(desk: "Desk") -> Arguments:
        if data is not None:
            (desk.folder / name).write_bytes(data)
        return [name, "--repo", desk.repo]

    return given


def option(*more: str) -> Callable[["Desk"], Arguments]:
    return lambda desk: [desk.issue, "--repo", desk.repo, *more]


INPUT, CONFIGURATION = 2, 78


@pytest.mark.parametrize("command", ["run", "plan"])
@pytest.mark.parametrize(
    ("given", "code", "named", "remedy"),
    [
        pytest.param(no_repository, INPUT, "/plain is not in a git repository", "git init", id="no repository"),
        pytest.param(no_such_folder, INPUT, "nowhere", "", id="no such folder"),
        pytest.param(bare_repository, INPUT, "bare", "--repo", id="bare repository"),
        pytest.param(empty_repository, INPUT, "no commit", "first commit", id="empty repository"),
        pytest.param(unknown_base, INPUT, "mian", "main", id="unknown base"),
        pytest.param(issue_file("gone.md", None), INPUT, "gone.md", "Markdown", id="missing issue"),
        pytest.param(issue_file("empty.md", b""), INPUT, "empty.md is empty", "write", id="empty issue"),
        pytest.param(issue_file("blank.md", b" \n\t\n"), INPUT, "blank.md is empty", "write", id="blank issue"),
        pytest.param(issue_file("raw.md", b"# A\0B"), INPUT, "raw.md is binary", "text file", id="binary issue"),
        pytest.param(issue_file("latin.md", b"# K\xf6ln"), INPUT, "latin.md", "UTF-8", id="issue not UTF-8"),
        pytest.param(issue_file("big.md", b"x" * 300_000), INPUT, "300,000", "shorten", id="issue too large"),
        pytest.param(lambda _: ["repo"], INPUT, "repo is a folder", "Markdown", id="issue is a folder"),
        pytest.param(lambda _: ["octo/cat#7"], CONFIGURATION, "github.com", "GITHUB_TOKEN", id="no token for GitHub"),
        pytest.param(
            lambda _: ["https://example.com/octo/cat/issues/7"],
            CONFIGURATION,
            "example.com",
            "GITHUB_SERVER_URL",
            id="no token for a server",
        ),
        pytest.param(
            option("-c", "limits.buget_usd=1"), CONFIGURATION, "limits.buget_usd", "budget_usd", id="unknown key"
        ),
        pytest.param(option("-c", "limits.budget_usd=much"), CONFIGURATION, "budget_usd", "", id="budget is a word"),
        pytest.param(option("--max-budget-usd", "much"), INPUT, "much", "", id="limit is a word"),
        pytest.param(option("-c", "no-such-file.toml"), CONFIGURATION, "no-such-file.toml", "", id="no settings file"),
        pytest.param(option("-c", "models.cheap.provider=acme"), CONFIGURATION, "acme", "", id="unknown provider"),
    ],
)
def test_a_run_that_cannot_begin(
    command: str, given: Callable[["Desk"], Arguments], code: int, named: str, remedy: str, desk: "Desk"
) -> None:
    arguments = given(desk)
    before = desk.fingerprint(desk.folder)

    plain = desk(command, *arguments)
    as_json = desk(command, *arguments, "--json")

    assert (plain.code, plain.out) == (code, ""), plain
    assert plain.err.startswith("error: ")
    assert named in plain.err
    assert "\n  try: " in plain.err
    assert remedy in plain.err
    assert "Traceback" not in plain.err
    assert as_json.code == code
    error = as_json.json["error"]
    assert error["exit_code"] == code
    assert error["problem"]
    assert error["remedy"]
    assert desk.runs == []
    assert desk.models.seen == []
    assert desk.fingerprint(desk.folder) == before


def test_all_mistakes_of_the_settings_are_told_at_once(desk: "Desk") -> None:
    desk.commit({"coderoute.toml": '[limits]\nbuget_usd = 1\n[models.cheap]\nbase_url = "http://evil.example"\n'})

    ended = desk.run("-c", "sandbox.cpu=2", "-c", "test.timeout_s=soon")

    assert ended.code == 78
    for named in ("limits.buget_usd", "models.cheap.base_url", "sandbox.cpu", "test.timeout_s"):
        assert named in ended.err
    assert "did you mean" in ended.err or "budget_usd" in ended.err


@pytest.mark.parametrize("command", ["run", "plan"])
def test_no_key(command: str, desk: "Desk", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    before = desk.fingerprint()

    ended = desk(command, desk.issue, "--repo", desk.repo, "--json")

    assert ended.code == 78
    assert "ANTHROPIC_API_KEY" in ended.json["error"]["problem"]
    assert "export ANTHROPIC_API_KEY" in ended.json["error"]["remedy"]
    assert "coderoute demo" in ended.json["error"]["remedy"]
    assert desk.runs == []
    assert desk.fingerprint() == before


def test_a_key_that_the_provider_refuses_is_not_shown_anywhere(desk: "Desk", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        desk.models,
        "answer",
        lambda *_: (401, {"error": {"type": "authentication_error", "message": "invalid x-api-key"}}),
    )

    ended = desk.run()

    assert ended.code == 4
    assert "ANTHROPIC_API_KEY" in ended.out + ended.err
    assert "sk-ant-test" not in ended.out + ended.err


@pytest.mark.parametrize("role", ["frontier", "cheap", "premium"])
def test_a_model_nobody_knows_the_price_of_blocks_before_anything_is_sent(role: str, desk: "Desk") -> None:
    before = desk.fingerprint()

    ended = desk.run("-c", f"models.{role}.provider=anthropic", "-c", f"models.{role}.model=claude-nobody-9", "--json")

    assert ended.code == 4
    assert (ended.json["status"], ended.json["reason"]) == ("blocked", "unpriced_model")
    assert "anthropic:claude-nobody-9" in ended.json["problem"]
    assert 'prices."anthropic:claude-nobody-9"' in ended.json["remedy"]
    assert desk.models.seen == []
    assert desk.fingerprint() == before


def test_a_price_that_was_set_since_lets_the_run_go_on(desk: "Desk", monkeypatch: pytest.MonkeyPatch) -> None:
    ended = desk.run(*(f"-cmodels.{role}.model=claude-nobody-9" for role in ("frontier", "cheap")), "--json")
    assert ended.json["reason"] == "unpriced_model"
    config = desk.folder / "home" / "config"
    config.mkdir()
    (config / "coderoute.toml").write_text(
        '[prices."anthropic:claude-nobody-9"]\ninput_usd_per_mtok = 1\noutput_usd_per_mtok = 5\n'
    )
    desk.models.knows_the_way()

    assert desk("resume", ended.json["run_id"], "--json").json["status"] == "awaiting_approval"


@pytest.mark.parametrize(
    ("what", "command", "named"),
    [
        ("collects nothing", "python -m pytest -q nothing_here", "collects no tests"),
        ("does not exist", "no-such-runner pytest", "no-such-runner"),
    ],
)
def test_a_test_command_that_proves_nothing_blocks_before_anything_is_sent(
    what: str, command: str, named: str, desk: "Desk"
) -> None:
    before = desk.fingerprint()

    ended = desk.run("-c", f"test.command={command}", "--json")

    assert ended.code == 4, what
    assert (ended.json["status"], ended.json["reason"]) == ("blocked", "environment_broken")
    assert named in ended.json["problem"]
    assert "test.command" in ended.json["remedy"]
    assert desk.models.seen == []
    assert desk.fingerprint() == before


def test_a_repository_s_own_commands_need_consent(desk: "Desk") -> None:
    desk.commit({"coderoute.toml": '[sandbox]\nsetup = ["pip install -e ."]\n'})
    before = desk.fingerprint()

    ended = desk.run()

    assert ended.code == 4
    assert "pip install -e ." in ended.err, "it says what would be run"
    assert 'trust.repository="' in ended.err
    assert desk.runs == []
    assert desk.fingerprint() == before
    consent = ended.err.split("trust.repository=")[1].split('"')[1]
    desk.models.knows_the_way()
    assert desk.run("-c", f"trust.repository={consent}", "-q").code == 0
    assert desk.run("-q").code == 4, "a word for one run is no word for the next"


# -- runs that are named wrongly, and decisions that are not due


NAMES_A_RUN: list[Arguments] = [
    ["show"], ["diff"], ["log"], ["cost"], ["gate"], ["merge"], ["resume"], ["approve", "--patch", "0" * 12],
    ["reject", "--reason", "no"], ["send-back", "--comment", "so"],
]  # fmt: skip


@pytest.mark.parametrize("words", NAMES_A_RUN, ids=lambda words: str(words[0]))
def test_a_run_nobody_knows(words: Arguments, desk: "Desk") -> None:
    command, *options = words

    unknown = desk(command, "nosuchrun", *options)
    last = desk(command, "last", *options)

    assert unknown.code == 2
    assert "there is no run 'nosuchrun'" in unknown.err
    assert "coderoute list" in unknown.err
    assert last.code == 2
    assert "there is no run yet" in last.err
    assert "coderoute run" in last.err


@pytest.mark.parametrize("words", NAMES_A_RUN, ids=lambda words: str(words[0]))
def test_a_prefix_of_several_runs(words: Arguments, desk: "Desk") -> None:
    for run_id in ("aaaa1111", "aaaa2222"):
        desk.remember_run(run_id)
    command, *options = words

    ended = desk(command, "aaaa", *options)

    assert ended.code == 2
    assert "'aaaa' begins 2 runs" in ended.err
    assert "aaaa1111" in ended.err
    assert "aaaa2222" in ended.err
    assert desk("show", "aaaa1").code == 0


def test_the_wrong_hash(desk: "Desk") -> None:
    run, sha256 = desk.to_the_gate()
    desk("diff", run)

    wrong = desk("approve", run, "--patch", "0" * 64)
    short = desk("approve", run, "--patch", sha256[:11])
    none = desk("approve", run)

    assert (wrong.code, short.code, none.code) == (4, 2, 2)
    assert sha256[:12] in wrong.err
    assert f"coderoute diff {run}" in wrong.err
    assert "12 hex digits" in short.err
    assert "--patch" in none.err
    assert desk("show", run, "--json").json["status"] == "awaiting_approval"


def test_a_patch_that_nobody_has_looked_at(desk: "Desk") -> None:
    run, sha256 = desk.to_the_gate()

    ended = desk("approve", run, "--patch", sha256)

    assert ended.code == 4
    assert "not shown" in ended.err
    assert f"coderoute diff {run}" in ended.err
    assert desk("show", run, "--json").code == 0
    assert desk("approve", run, "--patch", sha256).code == 4, "the JSON does not hold the patch"
    assert desk("show", run).code == 0
    assert desk("approve", run, "--patch", sha256).code == 0


def test_a_protected_item_must_be_acknowledged(desk: "Desk") -> None:
    desk.models.knows_the_way()
    ended = desk.run("-c", 'gate.protected_paths=["shout.py"]', "--json", "-q")
    run, sha256 = ended.json["run_id"], ended.json["patch"]["sha256"]
    (item,) = ended.json["admission"]["items"]
    desk("diff", run)

    missing = desk("approve", run, "--patch", sha256)
    strange = desk("approve", run, "--patch", sha256, "--ack", "nonsense")

    assert (missing.code, strange.code) == (4, 2)
    assert f"--ack {item['id']}" in missing.err
    assert "nonsense" in strange.err
    assert f"--ack {item['id']}" in desk("show", run).out, "the command to type is printed with it"
    assert desk("approve", run, "--patch", sha256, "--ack", item["id"]).code == 0


def test_a_merge_before_the_approval(desk: "Desk") -> None:
    run, _ = desk.to_the_gate()
    before = desk.fingerprint()

    for ended in (desk("merge", run), desk("merge", run, "--json")):
        assert ended.code == 4
        assert "awaiting_approval, not approved" in ended.err
        assert "coderoute approve" in ended.err

    assert desk.fingerprint() == before


def test_a_run_without_a_patch_has_no_diff(desk: "Desk") -> None:
    desk.models.plans()  # nothing to do
    run = desk.run("--json", "-q").json["run_id"]

    ended = desk("diff", run)

    assert (ended.code, ended.out) == (4, "")
    assert f"run {run} has no patch yet: it is blocked" in ended.err


def test_a_target_that_moved(desk: "Desk") -> None:
    run = desk.approved()
    moved = desk.commit({"other.py": "x = 1\n"})
    before = desk.fingerprint()

    ended = desk("merge", run)

    assert ended.code == 4
    assert "the target moved" in ended.err
    assert desk.git("rev-parse", "main") == moved
    assert desk.fingerprint() == before
    assert f"coderoute resume {run}" in ended.err


def test_a_target_that_moved_gets_the_change_after_a_new_proof_and_a_new_approval(desk: "Desk") -> None:
    run = desk.approved()
    moved = desk.commit({"other.py": "x = 1\n"})

    resumed = desk("resume", run)

    assert resumed.code == 0
    assert f"to {moved[:12]} meanwhile; only the base changed" in resumed.out
    assert desk("merge", run).code == 4, "the old approval is of another tree"
    sha256 = desk("show", run, "--json").json["patch"]["sha256"]
    assert desk("approve", run, "--patch", sha256, "--merge").code == 0
    assert desk.git("rev-parse", "main^") == moved
    assert (desk.repo / "other.py").exists()
    assert (desk.repo / "shout.py").read_text() == desk.RIGHT
    assert desk.git("status", "--porcelain") == ""


def test_what_hides_in_a_message_is_spelled_out(desk: "Desk") -> None:
    ended = desk("run", "evil\x1b[2J.md", "--repo", desk.repo, terminal=True)

    assert ended.code == 2
    assert "evil<U+001B>[2J.md" in ended.err


def test_usage_errors_name_the_command(desk: "Desk") -> None:
    unknown = desk("frobnicate")
    option = desk("run", desk.issue, "--frobnicate", "--json")

    assert (unknown.code, option.code) == (2, 2)
    assert "frobnicate" in unknown.err
    assert "--frobnicate" in option.err
    assert "--frobnicate" in option.json["error"]["problem"]


def test_a_person_who_stops_a_run_is_told_how_to_go_on(desk: "Desk", monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("coderoute.flow.story.triage", stop)
    ended = desk.run("--json")
    monkeypatch.undo()

    assert ended.code == 130
    assert "coderoute resume" in ended.json["error"]["remedy"]


def test_a_repository_that_has_gone(desk: "Desk") -> None:
    run, _ = desk.to_the_gate()
    desk.repo.rename(desk.folder / "elsewhere")

    merged, resumed = desk("merge", run), desk("resume", run)

    assert (merged.code, resumed.code) == (4, 4)
    assert str(desk.repo) in merged.err
    assert desk("show", run).code == desk("diff", run).code == desk("cost", run).code == 0
