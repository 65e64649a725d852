"""Without a Docker engine: a clear word, and a demo that runs all the same."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

pytestmark = pytest.mark.usefixtures("no_engine")


@pytest.fixture
def no_engine(desk: "Desk", real_sandboxes: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/dead.sock")


def test_a_run_is_unavailable_and_can_be_resumed(desk: "Desk", monkeypatch: pytest.MonkeyPatch) -> None:
    before = desk.fingerprint()

    ended = desk.run()

    assert ended.code == 69
    assert "dead.sock" in ended.out
    assert "coderoute doctor" in ended.out
    assert desk.models.seen == []
    assert desk.fingerprint() == before
    (run,) = desk.runs
    assert run["status"] == "unavailable"
    again = desk("resume", run["run_id"], "--json")
    assert (again.code, again.json["status"]) == (69, "unavailable")


def test_the_doctor_names_what_is_missing_and_what_to_do(desk: "Desk") -> None:
    ended = desk("doctor", "--repo", desk.repo)
    checks = {check["name"]: check for check in desk("doctor", "--repo", desk.repo, "--json").json["checks"]}

    assert ended.code == 1
    assert "FAIL  docker" in ended.out
    assert not checks["docker"]["ok"]
    assert "dead.sock" in checks["docker"]["detail"]
    assert checks["docker"]["remedy"]
    assert [name for name in checks if not checks[name]["ok"]] == ["docker", "sandbox"], checks
    assert {"git", "keys", "tests", "model frontier", "model cheap", "model premium"} <= set(checks)
