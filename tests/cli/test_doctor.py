"""`doctor`: each check that fails names its remedy."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Desk


def examined(desk: "Desk", *more: str | Path) -> dict[str, dict[str, Any]]:
    ended = desk("doctor", "--repo", desk.repo, "--json", *more)
    checks = {check["name"]: check for check in ended.json["checks"]}
    assert ended.code == (0 if all(check["ok"] for check in checks.values()) else 1)
    assert all(set(check) == {"name", "ok", "detail", "remedy"} for check in checks.values())
    assert all(check["remedy"] for check in checks.values() if not check["ok"]), "a failing check says what to do"
    return checks


@pytest.fixture(autouse=True)
def no_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What is looked at here does not depend on an engine."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/dead.sock")


def test_a_missing_key(desk: "Desk", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY")

    checks = examined(desk)

    assert not checks["keys"]["ok"]
    assert "ANTHROPIC_API_KEY" in checks["keys"]["remedy"]
    assert not checks["model frontier"]["ok"]


def test_a_model_without_a_price(desk: "Desk") -> None:
    checks = examined(desk, "-c", "models.cheap.model=claude-nobody-9")

    assert not checks["model cheap"]["ok"]
    assert 'prices."anthropic:claude-nobody-9"' in checks["model cheap"]["remedy"]
    assert checks["model frontier"]["ok"]
    assert "per million" in checks["model frontier"]["detail"]


def test_no_git_identity(desk: "Desk") -> None:
    (desk.folder / "home" / ".gitconfig").write_text("")

    checks = examined(desk)

    assert not checks["git"]["ok"]
    assert "git config --global user.name" in checks["git"]["remedy"]


def test_a_repository_s_configuration_that_would_run_something(desk: "Desk") -> None:
    desk.git("config", "core.fsmonitor", "/bin/evil --now")

    checks = examined(desk)

    assert checks["git"]["ok"], "it cannot run through us"
    assert "core.fsmonitor" in checks["git"]["detail"]
    assert checks["git"]["remedy"]


def test_wrong_settings(desk: "Desk") -> None:
    checks = examined(desk, "-c", "limits.buget_usd=1")

    assert not checks["git"]["ok"]
    assert "limits.buget_usd" in checks["git"]["detail"]


def test_no_repository(desk: "Desk") -> None:
    (desk.folder / "plain").mkdir()

    ended = desk("doctor", "--repo", "plain")

    assert ended.code == 1
    assert "FAIL  git" in ended.out
    assert "is not in a git repository" in ended.out


def test_no_tests(desk: "Desk") -> None:
    checks = examined(desk, "-c", 'test.command=""')

    assert checks["tests"]["ok"]
    assert "UNVERIFIED" in checks["tests"]["detail"]


@pytest.mark.parametrize(
    ("command", "said"),
    [("python -m pytest -q", "framework pytest: a verdict per test"), ("make test", "one verdict for all of them")],
)
def test_the_framework_of_the_tests(desk: "Desk", command: str, said: str) -> None:
    assert said in examined(desk, "-c", f"test.command={command}")["tests"]["detail"]


def test_the_set_up(desk: "Desk") -> None:
    assert "coderoute init" in examined(desk)["set-up"]["remedy"]

    checks = examined(desk, "-c", 'sandbox.setup=["pip install -e .", "make"]', "-c", "sandbox.image=python:3.12")

    assert checks["set-up"]["detail"] == "pip install -e . && make, in python:3.12"


def test_a_consent_that_nobody_gave_yet(desk: "Desk") -> None:
    assert "not needed" in examined(desk)["consent"]["detail"]
    desk.commit({"coderoute.toml": 'sandbox.setup = ["make deps"]\ntest.command = "make\\u202e test"\n'})

    missing = examined(desk)["consent"]

    assert missing["ok"], "a run on a terminal asks for it"
    assert "make deps" in missing["detail"]
    assert "\u202e" not in missing["detail"]
    trust = missing["remedy"].rpartition(": ")[2]
    assert "given" in examined(desk, "-c", trust)["consent"]["detail"]


def test_it_changes_nothing_in_the_repository(desk: "Desk") -> None:
    before = desk.fingerprint()

    examined(desk)

    assert desk.fingerprint() == before
    assert desk.runs == []


@pytest.mark.docker
def test_all_is_well(desk: "Desk", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCKER_HOST")

    ended = desk("doctor", "--repo", desk.repo)

    assert ended.code == 0, ended.out
    assert "FAIL" not in ended.out
    assert "ok    docker" in ended.out
