"""Where the state folder must not be, and what is said of one that lost what it held."""

import os
import re
import sqlite3
import time
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from coderoute.wiring import open_house


def test_a_state_folder_within_the_repository_is_refused(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = Path(desk.repo) / "state"
    monkeypatch.setenv("CODEROUTE_STATE_DIR", str(inside))

    ended = desk.run()

    assert ended.code == 78
    assert f"the state directory {inside} lies inside the repository" in ended.err
    assert list((inside / "runs").iterdir()) == []


def test_a_database_that_was_emptied_is_no_new_one(desk: Any) -> None:
    desk.to_the_gate()
    path = open_house().folder / "runs.db"
    path.write_bytes(b"")

    ended = desk("list")

    assert (ended.code, ended.out) == (78, "")
    assert f"{path} holds nothing any more" in ended.err
    assert "restore it from a backup" in ended.err
    checks = {check["name"]: check for check in desk("doctor", "--repo", desk.repo, "--json").json["checks"]}
    assert not checks["state"]["ok"]
    assert "holds nothing any more" in checks["state"]["detail"]
    advice = re.search(r"rm (\S+)", ended.err)
    assert advice is not None
    Path(advice[1]).unlink()
    assert desk.runs == [], "the other piece of advice: start anew"


class TestARunThatCannotBeRead:
    @pytest.fixture
    def spoilt(self, desk: Any) -> tuple[str, str]:
        """(an older run that can be read, the newest one, which cannot)."""
        run, _ = desk.to_the_gate()
        other, _ = desk.to_the_gate()
        with closing(sqlite3.connect(open_house().folder / "runs.db", isolation_level=None)) as db:
            db.execute("UPDATE runs SET data = '[' WHERE id = ?", (other,))
        return run, other

    def test_is_listed_with_the_reason_beside_the_others(self, desk: Any, spoilt: tuple[str, str]) -> None:
        run, other = spoilt

        ended = desk("list")

        assert ended.code == 0, ended.err
        newest, older = ended.out.splitlines()
        assert newest.startswith(f"{other}  unreadable         run {other} cannot be read: it is damaged")
        assert older.startswith(f"{run}  awaiting_approval")
        listed = {doc["run_id"]: doc for doc in desk.runs}
        assert (listed[other]["status"], listed[other]["reason"]) == (None, "unreadable")
        assert listed[run]["status"] == "awaiting_approval"

    @pytest.mark.parametrize("command", ["show", "cost", "diff", "log"])
    def test_stands_in_the_way_of_no_other(self, desk: Any, spoilt: tuple[str, str], command: str) -> None:
        run, other = spoilt
        assert desk(command, run).code == 0
        for name in (other, "last"):
            ended = desk(command, name)
            assert (ended.code, f"run {other} cannot be read" in ended.err) == (78, True), ended.err
            assert "coderoute doctor" in ended.err

    def test_has_its_bill_in_the_sum_of_all_and_is_found_by_doctor(self, desk: Any, spoilt: tuple[str, str]) -> None:
        one, both = (Decimal(desk("cost", *of, "--json").json["total_usd"]) for of in ([spoilt[0]], []))
        assert both == 2 * one
        checks = {check["name"]: check for check in desk("doctor", "--repo", desk.repo, "--json").json["checks"]}
        assert f"run {spoilt[1]} cannot be read" in checks["state"]["detail"]

    def test_keeps_its_folder_through_a_purge(self, desk: Any, spoilt: tuple[str, str]) -> None:
        folder = open_house().run_folder(spoilt[1])
        long_ago = time.time() - 90 * 86400
        os.utime(folder, (long_ago, long_ago))

        desk("purge", stdin=b"yes\n", terminal=True)

        assert folder.is_dir()
