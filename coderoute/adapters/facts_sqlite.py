"""Facts about files in a SQLite file of their own, shared by all runs of this installation; JSON, never code."""

import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar

from coderoute.domain.code_facts import FileFacts
from coderoute.domain.facts_text import from_text, to_text

KEPT_ROWS = 100_000
"""The oldest above these go. A row is about 3 kB."""
BUSY_TIMEOUT_S = 5.0
KEYS_A_QUERY = 500
MADE_BY_SQLITE = ("", "-wal", "-shm")

T = TypeVar("T")


class SqliteFacts:
    """ports.FactsStore over the file `path` (0600), open only while it is used.

    It stands beside the work: a file that is damaged is made anew, and where none can be used nothing is remembered.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def get_many(self, keys: Sequence[str]) -> dict[str, FileFacts]:
        wanted = list(dict.fromkeys(keys))
        known: dict[str, str] = {}

        def read(db: sqlite3.Connection) -> dict[str, FileFacts]:
            found: dict[str, FileFacts] = {}
            for start in range(0, len(wanted), KEYS_A_QUERY):
                some = wanted[start : start + KEYS_A_QUERY]
                marks = ",".join("?" * len(some))
                for key, text in db.execute(f"SELECT key, facts FROM files WHERE key IN ({marks})", some):  # noqa: S608 - marks
                    facts = from_text(text, known)
                    if facts is not None:
                        found[key] = facts
            return found

        return self._tried(read) or {}

    def put_many(self, facts: Mapping[str, FileFacts]) -> None:
        rows = [(key, to_text(found)) for key, found in facts.items()]

        def write(db: sqlite3.Connection) -> None:
            with db:
                db.executemany("INSERT OR REPLACE INTO files (key, facts) VALUES (?, ?)", rows)
                db.execute(
                    "DELETE FROM files WHERE number <= "
                    "(SELECT number FROM files ORDER BY number DESC LIMIT 1 OFFSET ?)",
                    (KEPT_ROWS,),
                )

        if rows:
            self._tried(write)

    def clear(self) -> bool:
        """Whether nothing is left of what was kept, in the file and in its log; False where others hold it."""

        def empty(db: sqlite3.Connection) -> bool:
            db.execute("DELETE FROM files")
            db.commit()
            db.execute("VACUUM")
            busy: int = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            return not busy

        return not self._path.exists() or bool(self._tried(empty))

    def _tried(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        """What `work` gives, once more with a new file where the old one is damaged; None where it cannot be done."""
        for again in (True, False):
            try:
                with closing(self._opened()) as db:
                    return work(db)
            except sqlite3.OperationalError:  # locked by others, a full disk, a folder that may not be written
                return None
            except sqlite3.DatabaseError:
                if again:
                    self._remove()
            except OSError:
                return None
        return None

    def _opened(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with suppress(FileExistsError):
            os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        connection = sqlite3.connect(self._path, timeout=BUSY_TIMEOUT_S)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = OFF")  # what a power cut takes is read anew
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS files "
                "(number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, facts TEXT NOT NULL)"
            )
        except sqlite3.DatabaseError:
            connection.close()
            raise
        return connection

    def _remove(self) -> None:
        for ending in MADE_BY_SQLITE:
            self._path.with_name(self._path.name + ending).unlink(missing_ok=True)
