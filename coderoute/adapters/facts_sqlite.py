"""Facts about files in a SQLite file of their own, shared by all runs of this installation; JSON, never code."""

import json
import os
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from coderoute.domain.code_facts import FileFacts, Symbol

KEPT_ROWS = 100_000
"""The oldest above these go. A row is about 3 kB."""
BUSY_TIMEOUT_S = 5.0
KEYS_A_QUERY = 500
MADE_BY_SQLITE = ("", "-wal", "-shm")

T = TypeVar("T")


class SqliteFacts:
    """ports.FactsStore over the file `path` (0600), opened when it is first used.

    It stands beside the work: a file that is damaged is made anew, and where none can be used nothing is remembered.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._guard = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def close(self) -> None:
        with self._guard:
            self._drop()

    def get_many(self, keys: Sequence[str]) -> dict[str, FileFacts]:
        wanted = list(dict.fromkeys(keys))

        def read(db: sqlite3.Connection) -> list[tuple[str, str]]:
            rows: list[tuple[str, str]] = []
            for start in range(0, len(wanted), KEYS_A_QUERY):
                some = wanted[start : start + KEYS_A_QUERY]
                marks = ",".join("?" * len(some))
                rows += db.execute(f"SELECT key, facts FROM files WHERE key IN ({marks})", some)  # noqa: S608 - marks
            return rows

        found = ((key, from_json(text)) for key, text in self._tried(read) or ())
        return {key: facts for key, facts in found if facts is not None}

    def put_many(self, facts: Mapping[str, FileFacts]) -> None:
        rows = [(key, to_json(found)) for key, found in facts.items()]

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

    def _tried(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        """What `work` gives, once more with a new file where the old one is damaged; None where it cannot be done."""
        with self._guard:
            for again in (True, False):
                try:
                    return work(self._opened())
                except sqlite3.OperationalError:  # locked by others, a full disk, a folder that may not be written
                    return None
                except sqlite3.DatabaseError:
                    self._drop()
                    if again:
                        self._remove()
                except OSError:
                    return None
            return None

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with suppress(FileExistsError):
                os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            connection = sqlite3.connect(self._path, timeout=BUSY_TIMEOUT_S, check_same_thread=False)
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = OFF")  # what a power cut takes is read anew
                connection.execute(
                    "CREATE TABLE IF NOT EXISTS files "
                    "(number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, facts TEXT NOT NULL)"
                )
            except sqlite3.DatabaseError:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _remove(self) -> None:
        for ending in MADE_BY_SQLITE:
            self._path.with_name(self._path.name + ending).unlink(missing_ok=True)


def to_json(facts: FileFacts) -> str:
    symbols = [[symbol.name, symbol.outer, symbol.first, symbol.last] for symbol in facts.symbols]
    return json.dumps([symbols, facts.imports, dict(facts.words)], separators=(",", ":"))


def from_json(text: str) -> FileFacts | None:
    """The facts in `text`, None for what `to_json` never wrote."""
    try:
        symbols, imports, words = json.loads(text)
        return FileFacts(
            symbols=tuple(Symbol(name=n, outer=o, first=int(first), last=int(last)) for n, o, first, last in symbols),
            imports=tuple(map(str, imports)),
            words=dict(words),
        )
    except (ValueError, TypeError):
        return None
