"""The file that remembers facts: shared, private, and never in the way of the work."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from coderoute.adapters import facts_sqlite
from coderoute.adapters.facts_sqlite import SqliteFacts
from coderoute.domain.code_facts import FileFacts

FACTS = FileFacts(words={"slugify": 2})


def test_another_process_finds_what_one_has_put(tmp_path: Path) -> None:
    first, second = SqliteFacts(tmp_path / "index.db"), SqliteFacts(tmp_path / "index.db")
    first.put_many({"one": FACTS})
    assert second.get_many(["one"]) == {"one": FACTS}


def test_only_its_user_may_read_it(tmp_path: Path) -> None:
    SqliteFacts(tmp_path / "state" / "index.db").put_many({"one": FACTS})
    assert (tmp_path / "state" / "index.db").stat().st_mode & 0o777 == 0o600


def test_a_damaged_file_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    path.write_bytes(b"this is no database, whatever its name says" * 100)
    store = SqliteFacts(path)
    assert store.get_many(["one"]) == {}
    store.put_many({"one": FACTS})
    assert store.get_many(["one"]) == {"one": FACTS}


@pytest.mark.parametrize("text", ["", "{}", "[1,2]", '[[["a"]],[],{}]', "[[],[],3]", "null"])
def test_a_row_that_we_never_wrote_is_not_known(tmp_path: Path, text: str) -> None:
    store = SqliteFacts(tmp_path / "index.db")
    store.put_many({"one": FACTS, "two": FACTS})
    with closing(sqlite3.connect(tmp_path / "index.db")) as db, db:
        db.execute("UPDATE files SET facts = ? WHERE key = 'one'", (text,))
    assert store.get_many(["one", "two"]) == {"two": FACTS}


def test_where_nothing_can_be_kept_nothing_is_known(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = SqliteFacts(tmp_path / "file" / "index.db")
    store.put_many({"one": FACTS})
    assert store.get_many(["one"]) == {}


def test_a_file_that_others_lock_is_not_waited_for_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts_sqlite, "BUSY_TIMEOUT_S", 0.01)
    store = SqliteFacts(tmp_path / "index.db")
    store.put_many({"one": FACTS})
    with closing(sqlite3.connect(tmp_path / "index.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        store.put_many({"two": FACTS})
        assert set(store.get_many(["one", "two"])) == {"one"}


def test_the_oldest_go_when_there_are_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts_sqlite, "KEPT_ROWS", 2)
    store = SqliteFacts(tmp_path / "index.db")
    for key in ("one", "two", "three"):
        store.put_many({key: FACTS})
    assert set(store.get_many(["one", "two", "three"])) == {"two", "three"}


def test_after_clearing_no_word_is_left_in_any_of_its_files(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    store = SqliteFacts(path)
    store.put_many({f"key{n}": FileFacts(words={f"zebra{n}": 1}) for n in range(500)})
    assert store.clear()
    assert store.get_many(["key1"]) == {}
    left = b"".join(file.read_bytes() for file in sorted(tmp_path.glob("index.db*")))
    assert b"zebra" not in left


def test_a_file_that_was_never_made_is_not_made_to_be_cleared(tmp_path: Path) -> None:
    assert SqliteFacts(tmp_path / "index.db").clear()
    assert not (tmp_path / "index.db").exists()


def test_clearing_says_so_when_others_hold_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts_sqlite, "BUSY_TIMEOUT_S", 0.01)
    store = SqliteFacts(tmp_path / "index.db")
    store.put_many({"one": FACTS})
    with closing(sqlite3.connect(tmp_path / "index.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert not store.clear()
