"""What is special about the store in a file: its privacy, its versions, other processes, and sudden death."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from coderoute.adapters.store_sqlite import SqliteStore
from coderoute.adapters.store_sqlite.database import MIGRATIONS, Database
from coderoute.domain.money import CallState, LedgerRow
from coderoute.domain.run import RunRecord, Status
from coderoute.errors import CoderouteError, ConfigurationError, Unavailable
from coderoute.journal import FORMAT

CALL = LedgerRow(
    id=0,
    run_id="r1",
    at="2026-11-22T10:00:01+00:00",
    provider="openai",
    model="gpt-x",
    role="cheap",
    stage="execute",
    step="step-1",
    attempt=1,
    state=CallState.OPEN,
    reserved_usd=Decimal("0.10"),
    cost_usd=Decimal(0),
)

PREAMBLE = """
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from coderoute.adapters.store_sqlite import SqliteStore
from coderoute.domain.money import CallState, LedgerRow
CALL = LedgerRow(id=0, run_id="r1", at="now", provider="p", model="m", role="cheap", stage="execute", step="s",
                 attempt=1, state=CallState.OPEN, reserved_usd=Decimal("0.10"), cost_usd=Decimal(0))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "runs.db"


def process(script: str, *arguments: object) -> subprocess.Popen[str]:
    """Another Python that runs `script` after PREAMBLE."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        [sys.executable, "-c", PREAMBLE + script, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


class TestPrivacy:
    @pytest.fixture(autouse=True)
    def loose_umask(self) -> Iterator[None]:
        before = os.umask(0)
        yield
        os.umask(before)

    def test_the_folder_and_everything_in_it_are_private(self, path: Path) -> None:
        with SqliteStore(path.parent) as store:
            store.remember("k", "v")
            with store.lock("run:r1"):
                assert mode(path.parent) == 0o700
                inside = list(path.parent.rglob("*"))
                assert {file.name for file in inside} >= {"runs.db", "runs.db-wal", "runs.db-shm", "locks"}
                for file in inside:
                    assert mode(file) == (0o700 if file.is_dir() else 0o600), file

    def test_folders_that_are_made_above_it_are_private_too(self, tmp_path: Path) -> None:
        before = os.umask(0)
        try:
            SqliteStore(tmp_path / "made" / "on" / "the way")
        finally:
            os.umask(before)
        made = [tmp_path / "made", tmp_path / "made" / "on", tmp_path / "made" / "on" / "the way"]
        assert [stat.S_IMODE(folder.stat().st_mode) for folder in made] == [0o700] * 3

    def test_an_empty_folder_is_made_private(self, path: Path) -> None:
        path.parent.mkdir(mode=0o777)
        SqliteStore(path.parent).close()
        assert mode(path.parent) == 0o700

    def test_a_folder_that_holds_other_things_keeps_its_mode(self, path: Path) -> None:
        path.parent.mkdir(mode=0o755)
        (path.parent / "holiday.jpg").touch()
        SqliteStore(path.parent).close()
        assert mode(path.parent) == 0o755

    def test_a_folder_others_can_write_to_is_refused(self, path: Path) -> None:
        path.parent.mkdir(mode=0o777)
        (path.parent / "holiday.jpg").touch()
        with pytest.raises(ConfigurationError, match="other users can write to") as refused:
            SqliteStore(path.parent)
        assert "CODEROUTE_STATE_DIR" in refused.value.remedy
        assert not path.exists()

    def test_a_folder_of_ours_that_others_can_write_to_is_refused_too(self, path: Path) -> None:
        SqliteStore(path.parent).close()
        path.parent.chmod(0o770)
        with pytest.raises(ConfigurationError, match="other users can write to") as refused:
            SqliteStore(path.parent)
        assert f"chmod 700 {path.parent}" in refused.value.remedy

    def test_a_folder_of_ours_that_others_can_read_is_made_private(self, path: Path) -> None:
        SqliteStore(path.parent).close()
        path.parent.chmod(0o755)
        SqliteStore(path.parent).close()
        assert mode(path.parent) == 0o700

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
    @pytest.mark.parametrize("what", ["folder", "file"])
    def test_what_belongs_to_another_user_is_refused(self, path: Path, what: str) -> None:
        SqliteStore(path.parent).close()
        os.chown(path.parent if what == "folder" else path, 12345, 12345)
        with pytest.raises(ConfigurationError, match=r"belongs to another user \(uid 12345\)") as refused:
            SqliteStore(path.parent)
        assert "CODEROUTE_STATE_DIR" in refused.value.remedy

    def test_a_link_in_the_place_of_the_file_is_not_followed(self, path: Path, tmp_path: Path) -> None:
        (tmp_path / "mine").touch(0o644)
        path.parent.mkdir(mode=0o700)
        path.symlink_to(tmp_path / "mine")
        with pytest.raises(ConfigurationError, match="cannot write"):
            SqliteStore(path.parent)
        assert mode(tmp_path / "mine") == 0o644

    def test_a_log_that_an_older_version_left_open_is_made_private(self, path: Path) -> None:
        with SqliteStore(path.parent) as store:
            store.remember("k", "v")
            for end in ("-wal", "-shm"):
                path.with_name(f"runs.db{end}").chmod(0o644)
            SqliteStore(path.parent).close()
            assert {mode(path.with_name(f"runs.db{end}")) for end in ("-wal", "-shm")} == {0o600}

    def test_a_loose_database_is_made_private(self, path: Path) -> None:
        SqliteStore(path.parent).close()
        path.chmod(0o666)
        SqliteStore(path.parent).close()
        assert mode(path) == 0o600


class TestFile:
    def test_what_was_stored_is_there_when_the_file_is_opened_again(self, path: Path) -> None:
        run = RunRecord(
            id="r1",
            created_at="2026-11-22",
            repository="/repo",
            status=Status.RUNNING,
            reason=None,
            problem=None,
            remedy=None,
            questions=(),
            title="t",
        )
        with SqliteStore(path.parent) as store:
            store.create(run)
            store.put_record("r1", "k", "str", '"v"')
        with SqliteStore(path.parent) as store:
            assert store.runs() == (run,)
            assert store.record("r1", "k") == '"v"'

    def test_every_commit_reaches_the_disk_and_the_log_is_ahead(self, path: Path) -> None:
        with SqliteStore(path.parent) as store:
            assert store._db.query("PRAGMA synchronous")[0][0] == 2
            assert store._db.query("PRAGMA journal_mode")[0][0] == "wal"

    def test_every_record_carries_the_version_of_its_format(self, path: Path) -> None:
        with SqliteStore(path.parent) as store:
            store.put_record("r1", "k", "str", "1")
            row_id = store.open_call(CALL, budget_usd=None)
            assert row_id is not None
            store.settle_call(
                row_id,
                state=CallState.FREE,
                cost_usd=Decimal(0),
                usage=None,
                latency_s=None,
                problem=None,
                record=("k2", "str", "2"),
            )
        with sqlite3.connect(path) as db:
            formats = db.execute("SELECT format FROM records").fetchall()
        db.close()
        assert formats == [(FORMAT,), (FORMAT,)]

    def test_a_record_of_a_newer_format_is_refused_by_name(self, path: Path) -> None:
        with SqliteStore(path.parent) as store:
            store.put_record("r1", "k", "str", "1")
            with store._db.transaction() as db:
                db.execute("UPDATE records SET format = ?", (FORMAT + 1,))
            for read in (lambda: store.record("r1", "k"), lambda: store.records("r1")):
                with pytest.raises(ConfigurationError, match=f"format {FORMAT + 1}.*reads format {FORMAT}"):
                    read()

    def test_a_database_of_a_newer_version_is_refused_naming_both(self, path: Path) -> None:
        with SqliteStore(path.parent) as store, store._db.transaction() as db:
            db.execute("INSERT INTO migrations VALUES (99, 'later')")
        with pytest.raises(ConfigurationError, match=f"version 99.*knows version {len(MIGRATIONS)}") as refused:
            SqliteStore(path.parent)
        assert "update coderoute" in refused.value.remedy

    def test_migrations_are_applied_once_and_noted(self, path: Path) -> None:
        for _ in range(2):
            with SqliteStore(path.parent) as store:
                noted = [row[0] for row in store._db.query("SELECT number FROM migrations")]
        assert noted == list(range(1, len(MIGRATIONS) + 1))

    def test_a_database_of_the_first_version_is_brought_up_to_date_and_keeps_what_it_holds(self, path: Path) -> None:
        with SqliteStore(path.parent) as store, store._db.transaction() as db:
            db.execute("INSERT INTO facts VALUES ('k', 'v')")
            db.execute("DROP TABLE outcomes")
            db.execute("DELETE FROM migrations WHERE number > 1")
        with SqliteStore(path.parent) as store:
            store.add_outcome("r1", "attempt/a/1", "1")
            assert (store.outcomes(1), store.recall("k")) == ((("attempt/a/1", "1"),), "v")

    def test_an_empty_file_becomes_a_database(self, path: Path) -> None:
        path.parent.mkdir()
        path.touch()
        with SqliteStore(path.parent) as store:
            assert store.runs() == ()


class TestTrouble:
    def test_a_file_that_is_no_database_is_named_and_kept(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700)
        path.write_text("My diary. " * 100)
        with pytest.raises(ConfigurationError, match=r"runs\.db is not a database of coderoute"):
            SqliteStore(path.parent)
        assert path.read_text() == "My diary. " * 100

    def test_the_database_of_another_program_is_left_alone(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700)
        with sqlite3.connect(path) as db:
            db.execute("CREATE TABLE bookmarks (url TEXT)")
        db.close()
        with pytest.raises(ConfigurationError, match="not a database of coderoute"):
            SqliteStore(path.parent)

    def test_a_damaged_database_is_named(self, path: Path) -> None:
        with SqliteStore(path.parent) as store:
            for number in range(200):
                store.put_record("r1", f"k{number}", "str", "x" * 500)
        size = path.stat().st_size
        with path.open("r+b") as file:
            file.seek(8192)
            file.write(b"\xa5" * (size - 8192))
        with pytest.raises(ConfigurationError, match=r"runs\.db is damaged") as damaged:
            SqliteStore(path.parent).records("r1")
        assert "backup" in damaged.value.remedy

    def test_a_full_disk_stops_the_run_and_what_was_written_stays(self, path: Path) -> None:
        with SqliteStore(path.parent) as store:
            store.put_record("r1", "small", "str", "1")
            pages = store._db.query("PRAGMA page_count")[0][0]
            store._db.query(f"PRAGMA max_page_count = {pages + 1}")
            with pytest.raises(Unavailable, match="no space left") as full:
                store.put_record("r1", "large", "str", "x" * 100_000)
            assert full.value.reason == "disk_full"
            assert [key for key, _ in store.records("r1")] == ["small"]
            store._db.query("PRAGMA max_page_count = 1000000")
            store.put_record("r1", "large", "str", "x" * 100_000)

    def test_a_file_that_may_not_be_written_is_named(self, path: Path) -> None:
        with SqliteStore(path.parent) as store:
            store._db.query("PRAGMA query_only = 1")
            with pytest.raises(ConfigurationError, match=r"cannot write .*runs\.db"):
                store.remember("k", "v")

    def test_a_state_folder_that_cannot_be_made_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(ConfigurationError, match=r"cannot write .*file/state") as refused:
            SqliteStore(tmp_path / "file" / "state")
        assert "CODEROUTE_STATE_DIR" in refused.value.remedy

    def test_a_folder_in_the_place_of_the_file_is_named(self, path: Path) -> None:
        path.mkdir(parents=True)
        with pytest.raises(CoderouteError, match=r"cannot write .*runs\.db: Is a directory"):
            SqliteStore(path.parent)

    @pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only to root")
    def test_a_read_only_folder_is_named(self, path: Path) -> None:
        path.parent.mkdir(mode=0o500)
        with pytest.raises(ConfigurationError, match=r"cannot write .*runs\.db: Permission denied"):
            SqliteStore(path.parent)

    def test_an_endless_writer_elsewhere_is_named(self, path: Path) -> None:
        with SqliteStore(path.parent) as store:
            store._db.query("PRAGMA busy_timeout = 10")
            other = sqlite3.connect(path, isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(Unavailable, match=r"another process has kept .* locked") as busy:
                store.remember("k", "v")
            other.execute("ROLLBACK")
            other.close()
            assert busy.value.reason == "state_busy"
            store.remember("k", "v")

    def test_who_misses_the_lock_time_after_time_waits_for_as_long_as_others_get_on(self, path: Path) -> None:
        faster = 3

        def somebody_is_faster(sql: str) -> None:
            nonlocal faster
            if sql != "BEGIN IMMEDIATE" or not other.in_transaction:
                return
            faster -= 1
            other.execute("INSERT OR REPLACE INTO facts VALUES ('other', ?)", (str(faster),))
            other.execute("COMMIT")
            if faster:
                other.execute("BEGIN IMMEDIATE")

        with SqliteStore(path.parent) as store, closing(sqlite3.connect(path, isolation_level=None)) as other:
            store._db.query("PRAGMA busy_timeout = 10")
            other.execute("BEGIN IMMEDIATE")
            store._db._connection.set_trace_callback(somebody_is_faster)
            store.remember("k", "v")
            assert (faster, store.recall("k"), store.recall("other")) == (0, "v", "0")


class TestProcesses:
    def test_many_can_open_a_new_file_at_once(self, path: Path) -> None:
        script = """
sys.stdin.readline()
with SqliteStore(Path(sys.argv[1])) as store:
    store.put_record("r1", sys.argv[2], "int", "1")
"""
        children = [process(script, path.parent, number) for number in range(6)]
        for child in children:
            assert child.stdin is not None
            child.stdin.write("go\n")
            child.stdin.flush()
        for child in children:
            child.communicate()
        assert [child.returncode for child in children] == [0] * 6
        with SqliteStore(path.parent) as store:
            assert len(store.records("r1")) == 6

    def test_two_that_share_a_budget_never_overshoot_it(self, path: Path) -> None:
        script = """
with SqliteStore(Path(sys.argv[1])) as store:
    sys.stdin.readline()
    for number in range(60):
        row_id = store.open_call(CALL, budget_usd=Decimal("3.05"))
        if row_id is not None and number % 3 == 0:
            store.settle_call(row_id, state=CallState.SETTLED, cost_usd=Decimal("0.03"), usage=None, latency_s=None,
                              problem=None)
"""
        children = [process(script, path.parent) for _ in range(3)]
        for child in children:
            assert child.stdin is not None
            child.stdin.write("go\n")
            child.stdin.flush()
        for child in children:
            child.communicate()
        assert [child.returncode for child in children] == [0] * 3
        with SqliteStore(path.parent) as store:
            spent = sum((row.cost_usd for row in store.calls("r1")), Decimal(0))
            assert Decimal("2.95") < spent <= Decimal("3.05")
            assert store.open_call(CALL, budget_usd=Decimal("3.05")) is None

    def test_a_budget_is_not_looked_at_while_another_is_writing(self, path: Path) -> None:
        """Who looked before would go by a sum that is no longer true."""
        with SqliteStore(path.parent) as store, closing(Database(path)) as other, ThreadPoolExecutor(1) as pool:
            with other.transaction() as db:
                asked = pool.submit(store.open_call, CALL, budget_usd=CALL.reserved_usd)
                wait([asked], timeout=0.5)
                price = str(CALL.reserved_usd)
                db.execute(
                    "INSERT INTO calls (run_id, state, reserved_usd, cost_usd, data) VALUES (?, 'open', ?, ?, '{}')",
                    (CALL.run_id, price, price),
                )
            assert asked.result(timeout=20) is None

    def test_a_writer_killed_at_any_moment_leaves_a_sound_database_and_free_locks(self, path: Path) -> None:
        script = """
store = SqliteStore(Path(sys.argv[1]))
with store.lock("run:r1") as held:
    assert held
    for number in range(int(sys.argv[2]), 1_000_000):
        row_id = store.open_call(CALL, budget_usd=None)
        store.settle_call(row_id, state=CallState.SETTLED, cost_usd=Decimal("0.01"), usage=None, latency_s=None,
                          problem=None, record=(f"turn-{number}", "str", '"' + "x" * 3000 + '"'))
        print(number, flush=True)
"""
        SqliteStore(path.parent).close()
        for start, lines in ((0, 5), (10_000, 23), (20_000, 60)):
            child = process(script, path.parent, start)
            assert child.stdout is not None
            seen = [child.stdout.readline() for _ in range(lines)]
            child.send_signal(signal.SIGKILL)
            rest, _ = child.communicate()
            acknowledged = {f"turn-{int(line)}" for line in [*seen, *rest.splitlines()]}
            with SqliteStore(path.parent) as store:
                assert store._db.query("PRAGMA integrity_check")[0][0] == "ok"
                keys = {key for key, _ in store.records("r1")}
                assert acknowledged <= keys
                settled = [row for row in store.calls("r1") if row.state is CallState.SETTLED]
                assert len(settled) == len(keys)
                with store.lock("run:r1") as held:
                    assert held

    def test_a_lock_excludes_other_processes_until_its_holder_ends(self, path: Path) -> None:
        script = """
store = SqliteStore(Path(sys.argv[1]))
with store.lock("run:r1") as held:
    print(held, flush=True)
    sys.stdin.readline()
"""
        child = process(script, path.parent)
        assert child.stdout is not None
        assert child.stdout.readline() == "True\n"
        with SqliteStore(path.parent) as store:
            with store.lock("run:r1") as held:
                assert not held
            with store.lock("run:r2") as held:
                assert held
            child.communicate("end\n")
            with store.lock("run:r1") as held:
                assert held


def test_budgets_of_two_runs_are_their_own(path: Path) -> None:
    with SqliteStore(path.parent) as store:
        assert store.open_call(CALL, budget_usd=Decimal("0.10")) is not None
        assert store.open_call(replace(CALL, run_id="r2"), budget_usd=Decimal("0.10")) is not None


def test_what_was_purged_is_in_no_file_any_more(path: Path) -> None:
    with SqliteStore(path.parent) as store:
        for number in range(50):
            store.put_record("r1", f"k{number}", "str", "canary-4711 " * 200)
        store.remember("k", "this stays")
        store.purge("r1")
        kept = b"".join(file.read_bytes() for file in path.parent.rglob("*") if file.is_file())
    assert b"canary-4711" not in kept
    assert b"this stays" in kept
